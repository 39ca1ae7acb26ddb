import { allPoints, type MetricsBatch } from "../../src/model/points.ts";
import type { Series } from "../../src/model/series.ts";
import type { Identity, Ledger, Totals } from "../../src/simulate/books.ts";
import type { Mortal } from "./agent/mortal.ts";
import { auditedOf, promiseOf } from "./promise.ts";
import type { Scenario } from "./scenario.ts";
import type { World } from "./world.ts";

export type Direction = "inputBytes" | "outputBytes";

/** What is shown of one identity: one of GOST's services, or one client of it. */
export interface ShownTotals {
  readonly totals: Partial<Totals>;
  readonly uncertain: Partial<Record<Direction, number>>;
  /** By which process of the agent each was shown last. */
  readonly by: Partial<Record<keyof Totals, Mortal>>;
}

export type Show = (batch: MetricsBatch) => void;

/** Something that must never happen. */
export class Imbalance extends Error {
  override readonly name = "Imbalance";
}

/**
 * The outside world's view of the totals, over all processes of the agent, each shown
 * when it is committed. A total that was once shown never gets smaller.
 */
export class Shown {
  /** The first thing that must not be: it is not thrown into the agent's own code. */
  imbalance: Imbalance | undefined;
  readonly #world: World;
  readonly #scenario: Scenario;
  readonly #all = new Map<string, ShownTotals>();

  constructor(world: World, scenario: Scenario) {
    this.#world = world;
    this.#scenario = scenario;
  }

  /** Ends the life. */
  fail(what: string): void {
    this.imbalance ??= new Imbalance(what);
  }

  of(key: string): ShownTotals | undefined {
    return this.#all.get(key);
  }

  get keys(): Iterable<string> {
    return this.#all.keys();
  }

  /** How one process of the agent shows something. */
  by(mortal: Mortal): Show {
    const places = new Map<Series, ((value: number) => void) | undefined>();
    return (batch) => {
      if (!mortal.step()) return;
      for (const { series, value } of allPoints(batch)) {
        let place = places.get(series);
        if (place === undefined && !places.has(series)) {
          place = this.#place(series, mortal);
          places.set(series, place);
        }
        if (typeof value === "number") place?.(value);
      }
    };
  }

  #place(series: Series, mortal: Mortal): ((value: number) => void) | undefined {
    const found = placeOf(series);
    if (found === undefined) return undefined;
    const { identity, key, member, isUncertain } = found;
    let shown = this.#all.get(key);
    if (shown === undefined) {
      shown = { totals: {}, uncertain: {}, by: {} };
      this.#all.set(key, shown);
    }
    const { totals, uncertain, by } = shown;
    if (isUncertain) {
      return (value) => {
        if (value !== (uncertain[member as Direction] ?? 0)) {
          this.#world.trace.note(`shows ${key} ${member} uncertain ${value}`);
        }
        uncertain[member as Direction] = value;
      };
    }
    return (value) => {
      const before = totals[member] ?? 0;
      if (value !== before) {
        const most = mostPossible(this.#world.books.ledgersOf(identity), member);
        this.#world.trace.note(`shows ${key} ${member} ${value}${value < most ? ` of ${most}` : ""}`);
      }
      if (value < before) this.fail(`${key}: ${member} fell from ${before} to ${value}`);
      totals[member] = value;
      by[member] = mortal;
      if (value === before) return;
      const most = mostPossible(this.#world.books.ledgersOf(identity), member);
      if (value <= most || promiseOf(auditedOf(this.#world.books, this.#scenario, identity), member) === "nothing")
        return;
      this.fail(`${key}: ${member} is ${value}, above the truth, ${most}`);
    };
  }
}

export function keyOf({ node, kind, service, client }: Identity): string {
  return `${node} ${kind} ${service} ${client}`;
}

const MEMBERS: Readonly<Record<string, keyof Totals>> = {
  "connection.handled": "totalConns",
  errors: "totalErrs",
};

/** What a series says, where it is of a total. */
export function placeOf({ metric, resource, attributes }: Series) {
  const match = /^gost\.(service|client)\.(.*)$/.exec(metric.name);
  if (match === null) return undefined;
  const [, subject, what] = match;
  const isUncertain = what === "io.uncertain";
  const direction = attributes["network.io.direction"] === "receive" ? "inputBytes" : "outputBytes";
  const member = isUncertain || what === "io" ? direction : MEMBERS[what!];
  if (member === undefined) return undefined;
  const kind = subject === "service" ? "service" : "handler";
  const node = String(resource.attributes["service.instance.id"]);
  const service = String(attributes["gost.service.name"]);
  const client = String(attributes["gost.client.id"] ?? "");
  const identity = { node, kind, service, client } as const;
  const key = keyOf(identity);
  return { identity, key, name: `${key} ${member}${isUncertain ? " uncertain" : ""}`, member, isUncertain };
}

/** The total if everything was taken of which nobody knows. */
function mostPossible(ledgers: readonly Ledger[], member: keyof Totals): number {
  let most = 0;
  for (const ledger of ledgers) {
    if (ledger.doubtful.size === 0) {
      most += ledger.taken[member];
      continue;
    }
    const totals = { ...ledger.taken };
    for (const booking of ledger.doubtful) booking.addTo(totals, ledger);
    most += totals[member];
  }
  return most;
}
