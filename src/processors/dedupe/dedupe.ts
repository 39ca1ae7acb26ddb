import type { Deps, Processor } from "../../component/component.ts";
import type { Consumer, Delivery, Next } from "../../component/delivery.ts";
import type { Counter } from "../../component/meter.ts";
import { Refusal } from "../../component/refusal.ts";
import type { Cell } from "../../component/store.ts";
import { type MetricsBatch, pointCount, type Row, streamOf } from "../../model/points.ts";
import type { SourceFacts } from "../../model/source-facts.ts";
import type { Config } from "./config.ts";
import { emptyHistory, type History, type Judgement, judge, type Rules, remember } from "./history.ts";
import { historyCodec } from "./history-codec.ts";
import {
  DROPPED_POINTS,
  DROPPED_REPORTS,
  FORGOTTEN_REPORTS,
  REFUSED_REPORTS,
  SOURCES,
  UNEXAMINED_REPORTS,
} from "./telemetry.ts";

/** Lets each report through once. The judgement is in `history.ts`; this keeps the histories, in memory and stored. */
export class Dedupe implements Processor, Consumer<"metrics"> {
  readonly metrics: Consumer<"metrics"> = this;
  readonly #deps: Deps;
  readonly #next: Next;
  readonly #rules: Rules;
  readonly #sourcesMax: number;
  readonly #scope;
  readonly #histories = new Map<string, Cell<History>>();
  /** What was examined last, and still is what it was then when it is consumed. */
  #examined:
    | { readonly facts: SourceFacts; readonly history: History | undefined; readonly judgement: Judgement }
    | undefined;
  readonly #dropped: Readonly<Record<DropReason, Dropped>>;
  readonly #refused: Counter;
  readonly #forgotten: Counter;
  readonly #unexamined: Counter;
  #endSizes: () => void = () => {};

  constructor(config: Config, deps: Deps, next: Next) {
    this.#deps = deps;
    this.#next = next;
    this.#rules = { behindProxy: config.behind_proxy, historyMax: config.history };
    this.#sourcesMax = config.max_sources;
    this.#scope = deps.store.scope(historyCodec);
    const dropped = (reason: DropReason): Dropped => ({
      reports: deps.meter.counter(DROPPED_REPORTS, { reason }),
      points: deps.meter.counter(DROPPED_POINTS, { reason }),
    });
    // All from the start: Prometheus sees no increase in a counter that comes into being with its first one.
    this.#dropped = {
      repeat: dropped("repeat"),
      assumed_repeat: dropped("assumed_repeat"),
      stale: dropped("stale"),
    };
    this.#refused = deps.meter.counter(REFUSED_REPORTS);
    this.#forgotten = deps.meter.counter(FORGOTTEN_REPORTS);
    this.#unexamined = deps.meter.counter(UNEXAMINED_REPORTS);
  }

  async load(signal: AbortSignal): Promise<void> {
    for (const [key, state] of await this.#scope.load(signal)) this.#histories.set(key, newCell(key, state));
  }

  async start(): Promise<void> {
    this.#endSizes = this.#deps.meter.gauge(SOURCES, () => [{ value: this.#histories.size }]);
  }

  async stop(): Promise<void> {
    this.#endSizes();
  }

  /** Refuses what cannot be judged yet, and asks for the proof. GOST sends it again, and by then it is there. */
  examine({ source: facts }: MetricsBatch): Refusal | undefined {
    if (facts?.fingerprint === undefined) return undefined;
    const history = this.#histories.get(facts.source.key)?.state;
    const judgement = this.#judge(history, facts);
    this.#examined = { facts, history, judgement };
    if (judgement.type !== "pending" && judgement.type !== "suspect") return undefined;
    this.#refused.value++;
    if (judgement.type === "pending") {
      judgement.earlier.receipt.ask();
      return evidencePending(facts);
    }
    judgement.earlier.refusal = facts.receipt;
    facts.receipt.ask();
    return perhapsStale(facts);
  }

  consume(batch: MetricsBatch, delivery: Delivery): void | Promise<void> {
    const { source: facts } = batch;
    if (facts === undefined || (facts.fingerprint === undefined && facts.life.length === 0)) {
      return this.#next.metrics?.consume(batch, delivery);
    }
    const cell = this.#histories.get(facts.source.key);
    const judgement = this.#judge(cell?.state, facts);
    // It was fresh when it was examined.
    if (judgement.type === "pending" || judgement.type === "suspect") throw evidencePending(facts);
    if (judgement.type !== "stale") this.#remember(cell, facts, judgement, delivery);
    if (judgement.type === "fresh") return this.#next.metrics?.consume(batch, delivery);
    return this.#drop(batch, facts, judgement.type, delivery);
  }

  #judge(history: History | undefined, facts: SourceFacts): Judgement {
    if (history === undefined) return FRESH;
    const examined = this.#examined;
    if (examined?.facts === facts && examined.history === history) return examined.judgement;
    return judge(history, facts, this.#deps.clock, this.#rules);
  }

  #remember(
    known: Cell<History> | undefined,
    facts: SourceFacts,
    judgement: Exclude<Judgement, { type: "stale" | "suspect" }>,
    delivery: Delivery,
  ): void {
    const cell = known ?? this.#add(facts.source.key, delivery);
    if (cell === undefined) return;
    const earlier = judgement.type === "fresh" ? undefined : judgement.earlier;
    const { history, forgotten } = remember(cell.state, facts, delivery.receivedAt, earlier, this.#rules);
    this.#forgotten.value += forgotten;
    delivery.transaction.change(this.#scope, cell, history);
  }

  #add(key: string, { transaction }: Delivery): Cell<History> | undefined {
    if (this.#histories.size >= this.#sourcesMax) {
      this.#unexamined.value++;
      return undefined;
    }
    const cell = newCell(key, emptyHistory());
    this.#histories.set(key, cell);
    transaction.onRolledBack(() => this.#histories.delete(key));
    return cell;
  }

  /**
   * The report counts no second time. What it tells of its source's life is news all the same, and so is what stands
   * beside; of one that may have been news itself, what is left out goes along as that.
   */
  #drop(
    { rows, points }: MetricsBatch,
    facts: SourceFacts,
    reason: DropReason,
    delivery: Delivery,
  ): void | Promise<void> {
    const left = rows.filter(isOfStream);
    const others = rows.filter((row) => !isOfStream(row));
    const dropped = pointCount({ rows: left, points: [] });
    const counters = this.#dropped[reason];
    delivery.onCommitted(() => {
      counters.reports.value++;
      counters.points.value += dropped;
    });
    const assumedRepeat = reason === "assumed_repeat" && left.length > 0 ? left : undefined;
    const tells = facts.life.length > 0 || assumedRepeat !== undefined;
    if (others.length + points.length === 0 && !tells) return;
    const source = tells ? facts : undefined;
    return this.#next.metrics?.consume({ rows: others, points, source, assumedRepeat }, delivery);
  }
}

/** In one place, so that all are of one shape. */
function newCell(key: string, state: History): Cell<History> {
  return { key, state, rowOf: undefined };
}

const isOfStream = (row: Row) => streamOf(row) !== undefined;

type DropReason = "repeat" | "assumed_repeat" | "stale";

interface Dropped {
  readonly reports: Counter;
  readonly points: Counter;
}

const FRESH: Judgement = { type: "fresh" };

function perhapsStale({ source: { node, service } }: SourceFacts): Refusal {
  const what = `an equal report of ${service} on ${node} was read, and this may be a late copy that nobody waits for`;
  return new Refusal("retryable", "evidence_pending", what);
}

function evidencePending({ source: { node, service } }: SourceFacts): Refusal {
  const what = `an equal report of ${service} on ${node} was answered, and whether the answer was read is not known yet`;
  return new Refusal("retryable", "evidence_pending", what);
}
