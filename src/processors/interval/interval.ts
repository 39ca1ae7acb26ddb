import type { Deps, Processor } from "../../component/component.ts";
import type { Consumer, Delivery, Next } from "../../component/delivery.ts";
import { NEVER, orAborted } from "../../lib/abort.ts";
import type { Cancel } from "../../lib/clock.ts";
import { filledFrom, isRow, type MetricsBatch, type Point, Row } from "../../model/points.ts";
import type { Series } from "../../model/series.ts";
import type { Memo } from "../../model/series-table.ts";
import type { Config } from "./config.ts";
import { HeldValues } from "./held-values.ts";
import { HELD } from "./telemetry.ts";
import { waits } from "./waits.ts";

/** So many rows and points make one batch. */
const SENT_TOGETHER_MAX = 2_000;

/** Which series of a row wait. */
interface Split {
  readonly of: readonly Series[];
  readonly waiting: readonly boolean[];
  readonly all: boolean;
  readonly none: boolean;
}

/** Keeps the newest value of each series, and hands all of them on once in an interval. */
export class Interval implements Processor {
  readonly metrics: Consumer<"metrics"> = { consume: (batch, delivery) => this.#consume(batch, delivery) };
  readonly #config: Config;
  readonly #deps: Deps;
  readonly #next: Next;
  readonly #held: HeldValues;
  /** By the first of a row's series. */
  readonly #splits: Memo<Split>;
  /** For a series that is not the first of its row: which is. */
  readonly #firsts: Memo<Series>;
  #ends: Cancel[] = [];
  #sending: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(config: Config, deps: Deps, next: Next) {
    this.#config = config;
    this.#deps = deps;
    this.#next = next;
    this.#held = new HeldValues(deps.store, deps.series);
    this.#splits = deps.series.memo();
    this.#firsts = deps.series.memo();
  }

  load(signal: AbortSignal): Promise<void> {
    return this.#held.load(signal);
  }

  async start(): Promise<void> {
    const { clock, meter } = this.#deps;
    this.#ends = [
      clock.every(this.#config.interval, () => void this.#send()),
      meter.gauge(HELD, () => [{ value: this.#held.size }]),
    ];
  }

  /** What waits is handed on: who comes next still takes it. Where there is no time for that, it is in the store. */
  stop(deadline: AbortSignal): Promise<void> {
    this.#stopping ??= this.#stop(deadline);
    return this.#stopping;
  }

  async #stop(deadline: AbortSignal): Promise<void> {
    const wasStarted = this.#ends.length > 0;
    for (const end of this.#ends.splice(0)) end();
    const sendRest = async () => {
      await this.#sending;
      if (wasStarted) await this.#send();
    };
    await orAborted(sendRest(), deadline).catch(() => {}); // Waiting no longer is all that is asked for.
    this.#held.dispose();
    this.#splits.dispose();
    this.#firsts.dispose();
  }

  #consume(batch: MetricsBatch, delivery: Delivery): void | Promise<void> {
    const rows = batch.rows.flatMap((row) => this.#passingRow(row, delivery) ?? []);
    const points = batch.points.flatMap((point) => this.#passingPoints(point, delivery));
    // What a report says of its source matters without its points as well.
    if (rows.length + points.length === 0 && batch.source === undefined) return;
    return this.#next.metrics?.consume({ ...batch, rows, points }, delivery);
  }

  /** What of a row is handed on at once, if anything; the rest waits. */
  #passingRow(row: Row, delivery: Delivery): Row | undefined {
    const { waiting, all, none } = this.#splitOf(row.series);
    const first = row.series[0]!;
    const before = this.#held.get(first);
    if (none || (before === undefined && this.#isFull)) return row;
    const held = all ? row : parted(row, waiting, true);
    this.#held.set(first, filledFrom(before, held), delivery);
    return all ? undefined : parted(row, waiting, false);
  }

  #passingPoints(point: Point, delivery: Delivery): readonly Point[] {
    const { series } = point;
    if (!waits(series.metric, this.#config)) return [point];
    if (point.extra?.noRecordedValue === true) return [...this.#takeLast(series, delivery), point];
    const before = this.#held.get(series);
    if (before === undefined && this.#isFull) return [point];
    if (!(before !== undefined && before.time > point.time && !isMore(point, before))) {
      this.#held.set(series, point, delivery);
    }
    return [];
  }

  /** A series ends: its last value goes before that is told. */
  #takeLast(series: Series, delivery: Delivery): readonly Point[] {
    const first = this.#firsts.get(series) ?? series;
    const held = this.#held.get(first);
    if (held === undefined) return [];
    if (!isRow(held)) {
      this.#held.set(series, undefined, delivery);
      return [held];
    }
    const index = held.series.indexOf(series);
    const value = held.values[index] ?? Number.NaN;
    if (Number.isNaN(value)) return [];
    const { start, time } = held;
    this.#held.set(first, new Row(held.series, start, time, held.values.with(index, Number.NaN)), delivery);
    return [{ series, start, time, value }];
  }

  get #isFull(): boolean {
    return this.#held.size >= this.#config.max_series;
  }

  #splitOf(list: readonly Series[]): Split {
    const known = this.#splits.get(list[0]!);
    if (known?.of === list) return known;
    const waiting = list.map(({ metric }) => waits(metric, this.#config));
    const split = { of: list, waiting, all: waiting.every(Boolean), none: !waiting.some(Boolean) };
    this.#splits.set(list[0]!, split);
    for (const series of list) this.#firsts.set(series, list[0]!);
    return split;
  }

  /** Hands on all that waits, in deliveries of our own. What is refused waits for the next time. */
  #send(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  async #sendAll(): Promise<void> {
    const origin = {
      peer: { address: "interval", transport: "internal" },
      upperBound: { items: SENT_TOGETHER_MAX, bytes: 0 },
      signal: NEVER,
      irreplaceable: true,
    } as const;
    // What comes meanwhile waits for the next time.
    for (let left = this.#held.size; left > 0; left -= SENT_TOGETHER_MAX) {
      const valuesMax = Math.min(left, SENT_TOGETHER_MAX);
      const outcome = await this.#deps.deliver(origin, (delivery) =>
        this.#next.metrics?.consume(this.#held.take(valuesMax, delivery), delivery),
      );
      if (outcome.taken) continue;
      this.#deps.log.limited("refused").warn("values that waited were refused; they wait on", {
        values: left,
        reason: outcome.refusal.message,
      });
      return;
    }
  }
}

/** A row with the values of some of its series only. */
function parted({ series, start, time, values }: Row, chosen: readonly boolean[], isChosen: boolean): Row {
  const left = values.map((value, index) => (chosen[index] === isChosen ? value : Number.NaN));
  return new Row(series, start, time, left);
}

/** Clocks are set back, counts are not. */
function isMore({ series: { metric }, value }: Point, before: Row | Point): boolean {
  return metric.monotonic && typeof value === "number" && "value" in before && value > (before.value as number);
}
