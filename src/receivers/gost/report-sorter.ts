import type { Log } from "../../component/log.ts";
import type { LogRecord } from "../../model/log-records.ts";
import { type MetricsBatch, Row } from "../../model/points.ts";
import type { Series, Stream } from "../../model/series.ts";
import type { Memo, SeriesTable } from "../../model/series-table.ts";
import { areExactCounts, COUNTS, isInexact, readCount, type StatsMembers } from "./counts.ts";
import { type Draft, Drafts, type ReportFacts } from "./drafts.ts";
import type { GostSeries } from "./gost-series.ts";
import type { Service } from "./node.ts";
import { isName, type NodeBook } from "./node-book.ts";
import { isRecognised, type ParsedReport, type RecognisedReport, type Report } from "./report.ts";
import { isServiceState, stateLife, statePoints, stateRecord } from "./service-state.ts";
import type { SkipReason, SorterTally } from "./sorter-tally.ts";

/** A report as pipelines take it: one batch for each source, and a log record for each change of a service's state. */
export interface SortedReport {
  readonly batches: readonly MetricsBatch[];
  readonly records: readonly LogRecord[];
  /** Those that told a state. */
  readonly stated: readonly Service[];
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

/** A report that is being sorted. */
interface Sorting {
  readonly facts: ReportFacts;
  readonly drafts: Drafts;
  readonly records: LogRecord[];
  readonly stated: Service[];
}

export interface SorterParts {
  readonly table: SeriesTable;
  readonly book: NodeBook;
  readonly gost: GostSeries;
  readonly tally: SorterTally;
  readonly log: Log;
}

/** Turns reports into batches. */
export class ReportSorter {
  readonly #parts: SorterParts;
  readonly #book: NodeBook;
  /** The series of which a clamped count was logged. */
  readonly #clampedBefore: Memo<true>;

  constructor(parts: SorterParts) {
    this.#parts = parts;
    this.#book = parts.book;
    this.#clampedBefore = parts.table.memo();
  }

  dispose(): void {
    this.#clampedBefore.dispose();
  }

  sort(report: Report, facts: ReportFacts): SortedReport {
    if (!isRecognised(report)) return this.#sortParsed(report, facts);
    return this.#sortRecognised(report, facts) ?? this.#sortParsed(report.parsed(), facts);
  }

  /** Undefined where a client finds no room, or has no proper name: what becomes of those, the parsed report decides. */
  #sortRecognised({ signatures, counts }: RecognisedReport, facts: ReportFacts): SortedReport | undefined {
    const { node, time } = facts;
    const { table } = this.#parts;
    const drafts = new Drafts();
    let draft: Draft | undefined;
    for (let index = 0; index < signatures.length; index++) {
      const signature = signatures[index]!;
      let { emitter } = signature;
      if (emitter === undefined || emitter.forgotten) {
        emitter = this.#book.recognise(node, signature);
        if (emitter === undefined) return undefined;
      } else if (emitter.usedIn !== table.generation) {
        emitter.usedIn = table.generation;
        table.touch(emitter.stream.series[0]!);
      }
      if (draft?.level !== emitter.level) {
        this.#book.service(node, signature.service); // To look it up is to use it.
        draft = drafts.of(emitter.level);
        draft.hasStats = true;
      }
      draft.rows.push(new Row(emitter.stream.series, 0, time, counts[index]!, emitter.stream));
    }
    return { batches: drafts.batches(facts, this.#book), records: [], stated: [] };
  }

  #sortParsed(report: ParsedReport, facts: ReportFacts): SortedReport {
    const sorting: Sorting = { facts, drafts: new Drafts(), records: [], stated: [] };
    const { events } = report;
    // Nearly always all events are of one source: it is looked up once.
    let draft: Draft | undefined;
    for (let index = 0; index < events.length; index++) {
      const event = events[index];
      let skipped: SkipReason | undefined;
      if (typeof event !== "object" || event === null) {
        skipped = "not_an_event";
      } else {
        const { kind, service, type } = event as EventMembers;
        if (type === "status") {
          skipped = this.#status(event, sorting);
        } else if (type !== "stats") {
          skipped = "unknown_type";
        } else {
          const found = isOf(draft, kind, service) ? draft : this.#draft(sorting, event);
          if (typeof found === "string") {
            skipped = found;
          } else {
            draft = found;
            skipped = this.#stats(event, draft, facts, () => report.exactly(index));
          }
        }
      }
      if (skipped !== undefined) this.#parts.tally.skipped(skipped, facts.node);
    }
    return { batches: sorting.drafts.batches(facts, this.#book), records: sorting.records, stated: sorting.stated };
  }

  #stats(event: EventMembers, draft: Draft, facts: ReportFacts, exactly: () => unknown): SkipReason | undefined {
    const { kind, client, stats } = event;
    // GOST leaves an empty client out, over both protocols; a service has none.
    const name = kind === "service" || client === undefined || client === null ? "" : client;
    if (typeof name !== "string") return "bad_client";
    if (typeof stats !== "object" || stats === null) return "no_stats";
    const emitter = this.#book.emitter(draft.level, name);
    if (emitter !== undefined && areExactCounts(stats)) {
      const { totalConns, currentConns, inputBytes, outputBytes, totalErrs } = stats;
      const values = [totalConns, currentConns, inputBytes, outputBytes, totalErrs];
      draft.rows.push(new Row(emitter.stream.series, 0, facts.time, values, emitter.stream));
      draft.hasStats = true;
      return undefined;
    }
    const isExact = !COUNTS.some((count) => isInexact((stats as StatsMembers)[count]));
    const exact = isExact ? stats : (exactly() as EventMembers | undefined)?.stats;
    return this.#oddStats(draft, name, emitter?.stream, exact as StatsMembers | undefined, facts);
  }

  /** Stats with members that are absent, clamped or bad, or of a client for whom there is no room. */
  #oddStats(
    draft: Draft,
    client: string,
    stream: Stream | undefined,
    stats: StatsMembers | undefined,
    { time, told }: ReportFacts,
  ): SkipReason | undefined {
    const { tally } = this.#parts;
    const counts = COUNTS.map((name) => readCount(stats?.[name]));
    if (counts.some(({ type }) => type === "bad")) return "bad_count";
    const values = counts.map((count) => {
      if (count.type === "clamped") tally.clamped.value++;
      return "value" in count ? count.value : undefined;
    });
    if (values.every((value) => value === undefined)) return "no_stats";
    if (stream === undefined) {
      if (!isName(client)) return "bad_client";
      // What is cumulative, GOST keeps: it counts in full once there is room. Deltas come once, and simply add.
      if (draft.level.source.kind === "service" || told !== "delta") return "series_limit";
      if (draft.level.overflow === undefined && draft.overflow === undefined) this.#logOverflow(draft);
      draft.overflow ??= { received: 0, transmitted: 0 };
      draft.overflow.received += values[COUNTS.indexOf("inputBytes")] ?? 0;
      draft.overflow.transmitted += values[COUNTS.indexOf("outputBytes")] ?? 0;
      draft.hasStats = true;
      tally.overflowed.value++;
      return undefined;
    }
    const { series } = stream;
    const reported = values.map((value) => value ?? Number.NaN);
    draft.rows.push(new Row(series, 0, time, reported, stream));
    series.forEach((member, index) => {
      if (counts[index]!.type === "clamped") this.#logClamped(member, stream);
    });
    draft.hasStats = true;
    return undefined;
  }

  #status(event: EventMembers, sorting: Sorting): SkipReason | undefined {
    const { status } = event;
    if (typeof status !== "object" || status === null) return "no_status";
    const { state, msg } = status as { readonly state?: unknown; readonly msg?: unknown };
    if (!isServiceState(state)) return "unknown_state";
    const draft = this.#draft(sorting, event);
    if (typeof draft === "string") return draft;
    const { facts, drafts, records } = sorting;
    const { node, time } = facts;
    const service = this.#book.service(node, draft.level.source.service)!;
    const life = stateLife(state, time);
    if (life !== undefined) {
      // A service and its handler begin and end together, whether or not the handler reported yet.
      for (const level of Object.values(service.levels)) drafts.of(level).life.push(life);
    }
    service.state = state;
    sorting.stated.push(service);
    const states = this.#book.states(service);
    if (states !== undefined) drafts.of(service.levels.service).points.push(...statePoints(states, state, time));
    records.push(
      stateRecord({
        resource: node.resource,
        scope: this.#parts.gost.scope,
        service: service.name,
        state,
        message: typeof msg === "string" ? msg : "",
        time,
      }),
    );
    return states === undefined ? "series_limit" : undefined;
  }

  /** Where the points of an event go. */
  #draft({ facts, drafts }: Sorting, { kind, service }: EventMembers): Draft | SkipReason {
    if (kind !== "service" && kind !== "handler") return "unknown_kind";
    if (typeof service !== "string") return "bad_service";
    const known = this.#book.service(facts.node, service);
    if (known === undefined) return service !== "" && isName(service) ? "series_limit" : "bad_service";
    return drafts.of(known.levels[kind]);
  }

  /** Once, when it begins: it stays so until the series of others are swept. */
  #logOverflow({ level: { source } }: Draft): void {
    const { node, service } = source;
    const advice = "raise limits.series_per_node or limits.series";
    this.#parts.log.warn(`new clients have no series: their bytes go to the service's overflow series; ${advice}`, {
      node,
      service,
    });
  }

  #logClamped(series: Series, stream: Stream): void {
    if (this.#clampedBefore.get(series)) return;
    this.#clampedBefore.set(series, true);
    const { node, service } = stream.source;
    this.#parts.log.limited("clamped").warn("a count is out of range and was clamped", {
      node,
      service,
      ...(stream.client === undefined ? {} : { client: stream.client }),
      metric: series.metric.name,
    });
  }
}

function isOf(draft: Draft | undefined, kind: unknown, service: unknown): draft is Draft {
  return draft !== undefined && service === draft.level.source.service && kind === draft.level.source.kind;
}
