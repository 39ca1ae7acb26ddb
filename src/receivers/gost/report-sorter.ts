import type { Log } from "../../component/log.ts";
import type { Counter } from "../../component/meter.ts";
import type { LogRecord } from "../../model/log-records.ts";
import type { MetricsBatch, Point } from "../../model/points.ts";
import type { Series, Stream } from "../../model/series.ts";
import type { Memo, SeriesTable } from "../../model/series-table.ts";
import type { LifeEvent, SourceFacts } from "../../model/source-facts.ts";
import { COUNTS, isExactCount, isInexact, readCount } from "./counts.ts";
import type { GostSeries, Kind } from "./gost-series.ts";
import { isName, type Level, type Node, type NodeBook } from "./node-book.ts";
import type { Report } from "./report.ts";
import { isServiceState, stateLife, statePoints, stateRecord } from "./service-state.ts";

/** What is known of a report besides its events. */
export interface ReportFacts extends Omit<SourceFacts, "source" | "life" | "fingerprint"> {
  readonly node: Node;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Asked only where there is something that GOST would repeat. */
  fingerprint(): string;
}

/** A report as pipelines take it: one batch for each source, and a log record for each change of a service's state. */
export interface SortedReport {
  readonly batches: readonly MetricsBatch[];
  readonly records: readonly LogRecord[];
}

/** Why an event of a report was not used. */
export type SkipReason =
  | "not_an_event"
  | "unknown_kind"
  | "unknown_type"
  | "unknown_state"
  | "bad_service"
  | "bad_client"
  | "bad_count"
  | "no_stats"
  | "no_status"
  | "series_limit";

/** What the sorter counts; a skipped event never fails its report, which GOST would send again for ever. */
export interface SorterTally {
  skipped(reason: SkipReason, node: Node): void;
  readonly clamped: Counter;
  readonly overflowed: Counter;
}

/** The members of an event that it has if it is one. */
interface EventMembers {
  readonly kind?: unknown;
  readonly service?: unknown;
  readonly client?: unknown;
  readonly type?: unknown;
  readonly stats?: unknown;
  readonly status?: unknown;
}

type StatsMembers = { readonly [Name in (typeof COUNTS)[number]]?: unknown };

/** What becomes the batch of one source. */
interface Draft {
  readonly level: Level;
  readonly service: string;
  readonly kind: Kind;
  readonly points: Point[];
  readonly life: LifeEvent[];
  hasStats: boolean;
  /** Bytes of clients beyond the limit of series. */
  overflow: { received: number; transmitted: number } | undefined;
}

/** Turns reports into batches. */
export class ReportSorter {
  readonly #book: NodeBook;
  readonly #gost: GostSeries;
  readonly #tally: SorterTally;
  readonly #log: Log;
  /** The series of which a clamped count was logged. */
  readonly #clampedBefore: Memo<true>;

  constructor(parts: { table: SeriesTable; book: NodeBook; gost: GostSeries; tally: SorterTally; log: Log }) {
    this.#book = parts.book;
    this.#gost = parts.gost;
    this.#tally = parts.tally;
    this.#log = parts.log;
    this.#clampedBefore = parts.table.memo();
  }

  dispose(): void {
    this.#clampedBefore.dispose();
  }

  sort(report: Report, facts: ReportFacts): SortedReport {
    const { node, time, told } = facts;
    const { events } = report;
    const drafts = new Map<Level, Draft>();
    const records: LogRecord[] = [];
    // Nearly always all events are of one source: it is looked up once.
    let draft: Draft | undefined;
    for (let index = 0; index < events.length; index++) {
      const event = events[index];
      if (typeof event !== "object" || event === null) {
        this.#tally.skipped("not_an_event", node);
        continue;
      }
      const { kind, service, client, type, stats } = event as EventMembers;
      if (type !== "stats") {
        const skipped = type === "status" ? this.#status(event, facts, drafts, records) : "unknown_type";
        if (skipped !== undefined) this.#tally.skipped(skipped, node);
        continue;
      }
      if (draft === undefined || service !== draft.service || kind !== draft.kind) {
        const found = this.#draft(drafts, node, kind, service);
        if (typeof found === "string") {
          this.#tally.skipped(found, node);
          continue;
        }
        draft = found;
      }
      // GOST leaves an empty client out, over both protocols; a service has none.
      const name = kind === "service" || client === undefined || client === null ? "" : client;
      if (typeof name !== "string" || typeof stats !== "object" || stats === null) {
        this.#tally.skipped(typeof name === "string" ? "no_stats" : "bad_client", node);
        continue;
      }
      const stream = this.#book.stream(draft.level, name);
      if (stream !== undefined && pushExactly(draft.points, stream, stats, time)) {
        draft.hasStats = true;
        continue;
      }
      const exact = COUNTS.some((count) => isInexact((stats as StatsMembers)[count]))
        ? (report.exactly(index) as EventMembers | undefined)?.stats
        : stats;
      const skipped = this.#oddStats(draft, name, stream, exact as StatsMembers | undefined, time, told === "delta");
      if (skipped !== undefined) this.#tally.skipped(skipped, node);
    }
    return { batches: this.#batches(drafts, facts), records };
  }

  /** Stats with members that are absent, clamped or bad, or of a client for whom there is no room. */
  #oddStats(
    draft: Draft,
    client: string,
    stream: Stream | undefined,
    stats: StatsMembers | undefined,
    time: number,
    bytesAreDeltas: boolean,
  ): SkipReason | undefined {
    const counts = COUNTS.map((name) => readCount(stats?.[name]));
    if (counts.some(({ type }) => type === "bad")) return "bad_count";
    const values = counts.map((count) => {
      if (count.type === "clamped") this.#tally.clamped.value++;
      return "value" in count ? count.value : undefined;
    });
    if (values.every((value) => value === undefined)) return "no_stats";
    if (stream === undefined) {
      if (!isName(client)) return "bad_client";
      // What is cumulative, GOST keeps: it counts in full once there is room. Deltas come once, and simply add.
      if (draft.kind === "service" || !bytesAreDeltas) return "series_limit";
      draft.overflow ??= { received: 0, transmitted: 0 };
      draft.overflow.received += values[COUNTS.indexOf("inputBytes")] ?? 0;
      draft.overflow.transmitted += values[COUNTS.indexOf("outputBytes")] ?? 0;
      draft.hasStats = true;
      this.#tally.overflowed.value++;
      return undefined;
    }
    values.forEach((value, index) => {
      const { series } = stream.members[index]!;
      if (value !== undefined) draft.points.push({ series, start: 0, time, value });
      if (counts[index]!.type === "clamped") this.#logClamped(series, stream);
    });
    draft.hasStats = true;
    return undefined;
  }

  #status(
    event: EventMembers,
    facts: ReportFacts,
    drafts: Map<Level, Draft>,
    records: LogRecord[],
  ): SkipReason | undefined {
    const { kind, service: name, status } = event;
    if (typeof status !== "object" || status === null) return "no_status";
    const { state, msg } = status as { readonly state?: unknown; readonly msg?: unknown };
    if (!isServiceState(state)) return "unknown_state";
    const { node, time } = facts;
    const draft = this.#draft(drafts, node, kind, name);
    if (typeof draft === "string") return draft;
    const service = this.#book.service(node, draft.service)!;
    const life = stateLife(state, time);
    if (life !== undefined) {
      // A service and its handler begin and end together, whether or not the handler reported yet.
      for (const level of Object.values(service.levels)) draftOf(drafts, level).life.push(life);
    }
    const states = this.#book.states(service);
    if (states !== undefined) draftOf(drafts, service.levels.service).points.push(...statePoints(states, state, time));
    records.push(
      stateRecord({
        resource: node.resource,
        scope: this.#gost.scope,
        service: service.name,
        state,
        message: typeof msg === "string" ? msg : "",
        time,
      }),
    );
    return states === undefined ? "series_limit" : undefined;
  }

  #draft(drafts: Map<Level, Draft>, node: Node, kind: unknown, service: unknown): Draft | SkipReason {
    if (kind !== "service" && kind !== "handler") return "unknown_kind";
    if (typeof service !== "string") return "bad_service";
    const known = this.#book.service(node, service);
    if (known === undefined) return service !== "" && isName(service) ? "series_limit" : "bad_service";
    return draftOf(drafts, known.levels[kind]);
  }

  #batches(drafts: ReadonlyMap<Level, Draft>, facts: ReportFacts): MetricsBatch[] {
    const { epoch, told, receipt, time } = facts;
    const batches: MetricsBatch[] = [];
    let fingerprint: string | undefined;
    for (const { level, points, life, hasStats, overflow } of drafts.values()) {
      if (overflow !== undefined) {
        const [receive, transmit] = this.#book.overflow(level).members;
        points.push({ series: receive!.series, start: 0, time, value: safe(overflow.received) });
        points.push({ series: transmit!.series, start: 0, time, value: safe(overflow.transmitted) });
      }
      if (points.length === 0 && life.length === 0) continue;
      if (hasStats) fingerprint ??= facts.fingerprint();
      batches.push({
        points,
        source: {
          source: level.source,
          ...(epoch === undefined ? {} : { epoch }),
          ...(told === undefined ? {} : { told }),
          ...(hasStats && fingerprint !== undefined ? { fingerprint } : {}),
          receipt,
          life,
        },
      });
    }
    return batches;
  }

  #logClamped(series: Series, stream: Stream): void {
    if (this.#clampedBefore.get(series)) return;
    this.#clampedBefore.set(series, true);
    const { node, service } = stream.source;
    this.#log.limited("clamped").warn("a count is out of range and was clamped", {
      node,
      service,
      ...(stream.client === undefined ? {} : { client: stream.client }),
      metric: series.metric.name,
    });
  }
}

/** Adds the five points of plain stats; false, with nothing done, where any of them is not plain. */
function pushExactly(points: Point[], stream: Stream, stats: StatsMembers, time: number): boolean {
  const { totalConns, currentConns, inputBytes, outputBytes, totalErrs } = stats;
  if (
    !isExactCount(totalConns) ||
    !isExactCount(currentConns) ||
    !isExactCount(inputBytes) ||
    !isExactCount(outputBytes) ||
    !isExactCount(totalErrs)
  ) {
    return false;
  }
  const { members } = stream;
  points.push(
    { series: members[0]!.series, start: 0, time, value: totalConns },
    { series: members[1]!.series, start: 0, time, value: currentConns },
    { series: members[2]!.series, start: 0, time, value: inputBytes },
    { series: members[3]!.series, start: 0, time, value: outputBytes },
    { series: members[4]!.series, start: 0, time, value: totalErrs },
  );
  return true;
}

function draftOf(drafts: Map<Level, Draft>, level: Level): Draft {
  let draft = drafts.get(level);
  if (draft === undefined) {
    const { kind, service } = level.source;
    draft = { level, service, kind: kind as Kind, points: [], life: [], hasStats: false, overflow: undefined };
    drafts.set(level, draft);
  }
  return draft;
}

const safe = (bytes: number) => Math.min(bytes, Number.MAX_SAFE_INTEGER);
