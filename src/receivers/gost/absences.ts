import type { Log } from "../../component/log.ts";
import type { Clock } from "../../lib/clock.ts";
import { type MetricsBatch, type Point, Row } from "../../model/points.ts";
import type { Series, Source } from "../../model/series.ts";
import type { Service } from "./node.ts";
import { isForgotten, isGone, isGrpcSilent, isOver, isQuiet, type Presence } from "./node-presence.ts";
import { lifeBatches, type Tell, tellThen } from "./untold-facts.ts";

/** Nothing new of its last report, and not up. */
const GONE = [Number.NaN, 0];
const NOTHING: MetricsBatch = { rows: [], points: [] };
const NAMES_SAID_MAX = 10;
const GRPC_SILENCE =
  "after a service was deleted or the configuration reloaded, GOST's gRPC observers stay silent until it is restarted; " +
  "those of type http do not";

/**
 * Sees what went without a word: a node, the gRPC observer of a node that goes on over HTTP, a service of a node whose
 * others go on. What each of them has at this moment (its state, its open connections) has no value from then on, until
 * it is heard of again. Where telling that is refused, the next look tells it; the log has it once.
 */
export class Absences {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #tell: Tell;

  constructor(parts: { readonly clock: Clock; readonly log: Log; readonly tell: Tell }) {
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#tell = parts.tell;
  }

  /** `now`: a monotonic clock's. */
  look(presence: Presence, now: number): void {
    if (presence.standing !== "forgotten" && isForgotten(presence, now)) this.#forget(presence);
    else if (presence.standing === "up" && isGone(presence, now)) this.#leave(presence, now);
    else if (isGrpcSilent(presence, now)) this.#losesGrpc(presence);
    if (presence.standing === "up") this.#services(presence, now);
  }

  #leave(presence: Presence, now: number): void {
    const { node, lost, log } = presence;
    presence.standing = "gone";
    const row = new Row(node.presence, 0, this.#clock.now(), GONE);
    const how = "no connection, and no report for a while";
    this.#unknown(presence, [...node.services.values()], { rows: [row], points: [] }, (taken) => {
      // It may be back by now, and was told to be up behind this.
      if (presence.standing !== "gone") return;
      if (taken) log.gone(lost?.over === "grpc" ? `${how} (${GRPC_SILENCE})` : how, now);
      else presence.standing = "up";
    });
  }

  #forget(presence: Presence): void {
    const { node, standing } = presence;
    presence.standing = "forgotten";
    const time = this.#clock.now();
    this.#unknown(
      presence,
      [...node.services.values()],
      { rows: [], points: node.presence.map((series) => noValue(series, time)) },
      (taken) => {
        if (!taken && presence.standing === "forgotten") presence.standing = standing;
      },
    );
  }

  #losesGrpc(presence: Presence): void {
    const { node, channels } = presence;
    const { lost } = channels.grpc;
    channels.grpc.lost = undefined;
    const names = new Set([...lost!.sources].map(({ service }) => service));
    const silent = [...node.services.values()].filter(({ name, heardAt }) => names.has(name) && heardAt <= lost!.at);
    this.#unknown(presence, silent, NOTHING, (taken) => {
      if (taken) {
        const line = `${node.name}'s gRPC observer is silent, while it reports over HTTP: ${GRPC_SILENCE}`;
        this.#log.warn(line, { node: node.name });
      } else if (channels.grpc.open.size === 0) {
        channels.grpc.lost ??= lost;
      }
    });
  }

  #services(presence: Presence, now: number): void {
    const quiet: Service[] = [];
    const over: Service[] = [];
    for (const service of presence.node.services.values()) {
      if (service.known !== "nothing" && isQuiet(presence, service)) quiet.push(service);
      else if (service.known === "all" && isOver(service, now)) over.push(service);
    }
    if (over.length > 0) this.#over(over);
    if (quiet.length > 0) this.#quiet(presence, quiet);
  }

  #quiet(presence: Presence, quiet: readonly Service[]): void {
    this.#unknown(presence, quiet, NOTHING, (taken) => {
      const names = quiet.filter(({ state }) => state !== "closed").map(({ name }) => name);
      if (!taken || names.length === 0) return;
      const node = presence.node.name;
      const more = names.length > NAMES_SAID_MAX ? ` and ${names.length - NAMES_SAID_MAX} more` : "";
      this.#log.info(
        `no report for an hour from ${names.slice(0, NAMES_SAID_MAX).join(", ")}${more} of ${node}, while others of it ` +
          "report: idle, or removed without a word",
        { node, services: names.length },
      );
    });
  }

  /** Their states are known: they are closed. */
  #over(services: readonly Service[]): void {
    for (const service of services) service.known = "state";
    tellThen(this.#tell, lifeBatches(sourcesOf(services), "gone", this.#clock.now()), (taken) => {
      if (taken) return;
      for (const service of services) if (service.known === "state") service.known = "all";
    });
  }

  /** Tells this, and that nothing is known any more of these services. */
  #unknown(
    { node }: Presence,
    services: readonly Service[],
    { rows, points }: MetricsBatch,
    then: (taken: boolean) => void,
  ): void {
    const time = this.#clock.now();
    const known = services.filter((service) => service.known !== "nothing");
    for (const service of known) service.known = "nothing";
    const states = known.flatMap(({ states }) => states ?? []).map((series) => noValue(series, time));
    const batches: MetricsBatch[] = lifeBatches(sourcesOf(known), "gone", time);
    if (rows.length + points.length + states.length > 0) batches.push({ rows, points: [...points, ...states] });
    if (batches.length === 0) {
      then(true);
      return;
    }
    tellThen(this.#tell, batches, (taken) => {
      if (!taken) for (const service of known) if (node.services.get(service.name) === service) service.known = "all";
      then(taken);
    });
  }
}

function sourcesOf(services: readonly Service[]): Source[] {
  return services.flatMap(({ levels }) => Object.values(levels).map(({ source }) => source));
}

function noValue(series: Series, time: number): Point {
  return { series, start: 0, time, value: 0, extra: { noRecordedValue: true } };
}
