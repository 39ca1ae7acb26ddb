import type { Deps, Processor } from "../../component/component.ts";
import type { Consumer, Delivery, Next } from "../../component/delivery.ts";
import type { Counter } from "../../component/meter.ts";
import { Refusal } from "../../component/refusal.ts";
import { type MetricsBatch, pointCount } from "../../model/points.ts";
import type { SourceFacts } from "../../model/source-facts.ts";
import type { Config } from "./config.ts";
import { EMPTY_HISTORY, type History, type Judgement, judge, type Rules, remember } from "./history.ts";
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
  readonly #histories = new Map<string, History>();
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
    this.#refused = deps.meter.counter(REFUSED_REPORTS);
    this.#forgotten = deps.meter.counter(FORGOTTEN_REPORTS);
    this.#unexamined = deps.meter.counter(UNEXAMINED_REPORTS);
  }

  async load(signal: AbortSignal): Promise<void> {
    for (const [key, history] of await this.#scope.load(signal)) this.#histories.set(key, history);
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
    const judgement = this.#judge(facts, this.#deps.clock.now());
    if (judgement.type !== "pending") return undefined;
    judgement.earlier.receipt.ask();
    this.#refused.value++;
    return evidencePending(facts);
  }

  consume(batch: MetricsBatch, delivery: Delivery): void | Promise<void> {
    const { source: facts } = batch;
    if (facts === undefined || (facts.fingerprint === undefined && facts.life.length === 0)) {
      return this.#next.metrics?.consume(batch, delivery);
    }
    const judgement = this.#judge(facts, delivery.receivedAt);
    if (judgement.type === "pending") throw evidencePending(facts); // It was fresh when it was examined.
    if (judgement.type !== "stale") this.#remember(facts, judgement, delivery);
    if (judgement.type === "fresh") return this.#next.metrics?.consume(batch, delivery);
    this.#countDropped(judgement.type, pointCount(batch), delivery);
    // What a repeat tells of its source's life is news all the same.
    if (facts.life.length > 0) return this.#next.metrics?.consume({ rows: [], points: [], source: facts }, delivery);
  }

  #judge(facts: SourceFacts, now: number): Judgement {
    return judge(this.#histories.get(facts.source.key) ?? EMPTY_HISTORY, facts, now, this.#rules);
  }

  #remember(
    facts: SourceFacts,
    judgement: Exclude<Judgement, { type: "stale" }>,
    { transaction, receivedAt }: Delivery,
  ): void {
    const { key } = facts.source;
    const before = this.#histories.get(key);
    if (before === undefined && this.#histories.size >= this.#sourcesMax) {
      this.#unexamined.value++;
      return;
    }
    const earlier = judgement.type === "fresh" ? undefined : judgement.earlier;
    const { history, forgotten } = remember(before ?? EMPTY_HISTORY, facts, receivedAt, earlier, this.#rules);
    this.#forgotten.value += forgotten;
    this.#histories.set(key, history);
    transaction.put(this.#scope, key, history);
    transaction.onRolledBack(() => {
      if (before === undefined) this.#histories.delete(key);
      else this.#histories.set(key, before);
    });
  }

  #countDropped(reason: "repeat" | "assumed_repeat" | "stale", points: number, delivery: Delivery): void {
    const { meter } = this.#deps;
    delivery.onCommitted(() => {
      meter.counter(DROPPED_REPORTS, { reason }).value++;
      meter.counter(DROPPED_POINTS, { reason }).value += points;
    });
  }
}

function evidencePending({ source: { node, service } }: SourceFacts): Refusal {
  const what = `an equal report of ${service} on ${node} was answered, and whether the answer was read is not known yet`;
  return new Refusal("retryable", "evidence_pending", what);
}
