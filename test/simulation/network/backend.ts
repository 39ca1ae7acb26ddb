import type { HttpAnswer, HttpClient, Transport } from "../../../src/component/transport.ts";
import { TransportError } from "../../../src/component/transport.ts";
import { noTransport } from "../../../src/kit/client/transport.ts";
import { orAborted } from "../../../src/lib/abort.ts";
import type { Random } from "../../../src/lib/random.ts";
import { batchCodecs } from "../../../src/model/otlp/batch-codecs.ts";
import { allPoints, type MetricsBatch } from "../../../src/model/points.ts";
import type { Series } from "../../../src/model/series.ts";
import { SeriesTable } from "../../../src/model/series-table.ts";
import type { Mortal } from "../agent/mortal.ts";
import { Imbalance, placeOf, type Shown } from "../shown.ts";
import { between, type World } from "../world.ts";

/** What goes wrong with requests, as shares of all of them. */
export interface BackendHabits {
  /** Refused, to be sent again. */
  readonly refuses: number;
  /** The connection breaks before the request is there, or before its answer is. */
  readonly losesRequests: number;
  readonly losesAnswers: number;
  /** Taken, and answered when nobody waits any more. */
  readonly hangs: number;
  /** The longest of the usual times, each way. */
  readonly delayMsMax: number;
}

interface Told {
  /** Of a total, or of its uncertain part. */
  readonly name: string;
  readonly neverFalls: boolean;
  readonly value: number;
  readonly time: number;
}

const HANG_MS = 20_000;
const CALM_DELAY_MS_MAX = 5;

/**
 * A backend that is sent OTLP, and outlives every process of the agent. Each value that is shown it is owed, for it was
 * committed: at least once, and by one exporter in order.
 */
export class Backend {
  /** Set while nobody answers. */
  down = false;
  /** The first thing that it was sent and must not be. */
  imbalance: Imbalance | undefined;
  readonly #world: World;
  readonly #habits: BackendHabits;
  readonly #random: Random;
  readonly #codec = batchCodecs(new SeriesTable()).metrics;
  readonly #places = new WeakMap<Series, Pick<Told, "name" | "neverFalls"> | undefined>();
  readonly #owed = new Set<string>();
  /** The newest of each. */
  readonly #has = new Map<string, { readonly told: Told; readonly request: number }>();
  #requests = 0;

  constructor(world: World, habits: BackendHabits) {
    this.#world = world;
    this.#habits = habits;
    this.#random = world.random("backend");
  }

  /** How many values it has not been sent yet. */
  get owed(): number {
    return this.#owed.size;
  }

  /** What it has already may be shown again, to an exporter that a reload has added: that is no news for it. */
  owe(batch: MetricsBatch): void {
    for (const told of this.#toldBy(batch)) {
      if (this.#has.get(told.name)?.told.value !== told.value) this.#owed.add(owedAs(told));
    }
  }

  /** The network as one process has it. */
  transport(mortal: Mortal): Transport {
    return { ...noTransport, http: () => this.#client(mortal) };
  }

  /** That of one exporter. What was not deleted when it was replaced, or died, the next one sends again. */
  #client(mortal: Mortal): HttpClient {
    const answered = new Map<string, number>();
    return {
      request: ({ body }, signal) =>
        new Promise((resolve, reject) => {
          if (!mortal.step()) return;
          const told = [...this.#toldBy(this.#codec.decode(body))];
          const last = this.#inOrder(told, answered);
          orAborted(this.#serve(told), signal).then(
            (answer) => {
              if (!mortal.alive) return;
              if (answer.status === 200) for (const [name, time] of last) answered.set(name, time);
              resolve(answer);
            },
            (error) => mortal.alive && reject(error),
          );
        }),
      close() {},
    };
  }

  /** It has the newest of all that was shown. */
  audit(shown: Shown): void {
    for (const key of shown.keys) {
      const { totals, uncertain } = shown.of(key)!;
      for (const [member, value] of Object.entries(totals)) this.#checkNewest(`${key} ${member}`, value);
      for (const [member, value] of Object.entries(uncertain)) this.#checkNewest(`${key} ${member} uncertain`, value);
    }
  }

  #checkNewest(name: string, shown: number): void {
    const value = this.#has.get(name)?.told.value;
    if (value !== shown) throw new Imbalance(`the backend has ${value} of ${name}, and ${shown} is shown`);
  }

  /** The last time of each series: within a request they go up, and on from what the exporter was answered. */
  #inOrder(told: readonly Told[], answered: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
    const times = new Map<string, number>();
    for (const { name, time } of told) {
      const last = times.get(name) ?? answered.get(name) ?? time;
      if (time < last) this.imbalance ??= new Imbalance(`${name} of ${time} was sent behind that of ${last}`);
      times.set(name, time);
    }
    return times;
  }

  /** Goes on when its caller has given up, or died. */
  async #serve(told: readonly Told[]): Promise<HttpAnswer> {
    const request = ++this.#requests;
    const fate = this.#fate();
    await this.#travel();
    if (this.down) throw new TransportError("ECONNREFUSED", "nobody listens there");
    if (fate === "request_lost") throw new TransportError("ECONNRESET", "the connection was reset");
    if (fate === "refused") return { status: 503, headers: {}, body: new Uint8Array() };
    for (const each of told) this.#take(each, request);
    this.#world.trace.note(`backend takes ${told.length} values, and is owed ${this.owed}`);
    await this.#travel(fate === "answered_late" ? HANG_MS : 0);
    if (fate === "answer_lost") throw new TransportError("ECONNRESET", "the connection was reset");
    return { status: 200, headers: {}, body: new Uint8Array() };
  }

  #fate(): "taken" | "refused" | "request_lost" | "answer_lost" | "answered_late" {
    const { refuses, losesRequests, losesAnswers, hangs } = this.#habits;
    const luck = this.#random.float();
    if (this.#world.calm || luck > refuses + losesRequests + losesAnswers + hangs) return "taken";
    if (luck < refuses) return "refused";
    if (luck < refuses + losesRequests) return "request_lost";
    return luck < refuses + losesRequests + losesAnswers ? "answer_lost" : "answered_late";
  }

  #travel(moreMs = 0): Promise<void> {
    const { calm, clock } = this.#world;
    const ms = between(this.#random, 0.1, calm ? CALM_DELAY_MS_MAX : this.#habits.delayMsMax) + moreMs;
    return new Promise((resolve) => clock.after(ms, resolve));
  }

  /**
   * What comes late, or again, is older than what it has, and says what was true then. Of one time are a total that was
   * shown again and what was reported right behind it.
   */
  #take(told: Told, request: number): void {
    this.#owed.delete(owedAs(told));
    const { name, value, time, neverFalls } = told;
    const has = this.#has.get(name);
    if (has !== undefined) {
      const order = Math.sign(time - has.told.time);
      const grownBy = value - has.told.value;
      if (neverFalls && order * grownBy < 0) {
        this.imbalance ??= new Imbalance(
          `the backend was told that ${name} was ${value} at ${time}, and ${has.told.value} at ${has.told.time}`,
        );
      }
      const isNewer = order > 0 || (order === 0 && (neverFalls ? grownBy >= 0 : request >= has.request));
      if (!isNewer) return;
    }
    this.#has.set(name, { told, request });
  }

  *#toldBy(batch: MetricsBatch): Iterable<Told> {
    for (const { series, value, time } of allPoints(batch)) {
      let place = this.#places.get(series);
      if (place === undefined && !this.#places.has(series)) {
        const found = placeOf(series);
        place = found && { name: found.name, neverFalls: !found.isUncertain };
        this.#places.set(series, place);
      }
      if (place !== undefined && typeof value === "number") yield { ...place, value, time };
    }
  }
}

/** Without its time: what is shown again after a start says the same. */
function owedAs({ name, value }: Told): string {
  return `${name} ${value}`;
}
