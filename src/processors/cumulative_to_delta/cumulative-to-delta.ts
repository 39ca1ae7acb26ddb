import type { Deps, Processor } from "../../component/component.ts";
import type { Consumer, Delivery, Next } from "../../component/delivery.ts";
import type { Counter } from "../../component/meter.ts";
import { difference } from "../../kit/point-arithmetic.ts";
import { SeriesMapping } from "../../kit/series-mapping.ts";
import { type MetricsBatch, type Point, type PointValue, Row } from "../../model/points.ts";
import type { Series } from "../../model/series.ts";
import type { Memo } from "../../model/series-table.ts";
import type { Config } from "./config.ts";
import { DROPPED } from "./telemetry.ts";

/** The last value of a series that is converted. */
interface Counted {
  last: Last | undefined;
}

interface Last {
  readonly time: number;
  readonly value: PointValue;
  /** When it came. */
  readonly receivedAt: number;
}

/** A value as a delta: what was counted since `start`. */
interface Delta {
  readonly start: number;
  readonly value: PointValue;
}

/** Makes deltas of cumulative sums and histograms: what each grew by since its last value. */
export class CumulativeToDelta implements Processor {
  readonly metrics: Consumer<"metrics"> = { consume: (batch, delivery) => this.#consume(batch, delivery) };
  readonly #config: Config;
  readonly #deps: Deps;
  readonly #next: Next;
  /** False: it is not converted. */
  readonly #counted: Memo<Counted | false>;
  readonly #mapping: SeriesMapping;
  readonly #drops: { readonly [reason in "initial" | "out_of_order"]: Counter };
  #startedAt = 0;

  constructor(config: Config, deps: Deps, next: Next) {
    this.#config = config;
    this.#deps = deps;
    this.#next = next;
    this.#counted = deps.series.memo();
    this.#mapping = new SeriesMapping(deps.series, (series) =>
      this.#isConverted(series) ? { ...series, metric: { ...series.metric, temporality: "delta" } } : series,
    );
    const drops = (reason: string) => deps.meter.counter(DROPPED, { reason });
    this.#drops = { initial: drops("initial"), out_of_order: drops("out_of_order") };
  }

  async start(): Promise<void> {
    this.#startedAt = this.#deps.clock.now();
  }

  async stop(): Promise<void> {
    this.#mapping.dispose();
    this.#counted.dispose();
  }

  #consume(batch: MetricsBatch, delivery: Delivery): void | Promise<void> {
    const rows = batch.rows.flatMap((row) => this.#rowsOf(row, delivery));
    const points = batch.points.flatMap((point) => this.#pointsOf(point, delivery));
    // What a report says of its source matters without its points as well.
    if (rows.length + points.length === 0 && batch.source === undefined) return;
    return this.#next.metrics?.consume(this.#mapping.map({ ...batch, rows, points }), delivery);
  }

  #pointsOf(point: Point, delivery: Delivery): readonly Point[] {
    const counted = this.#countedOf(point.series);
    // That there is no value from now on is told as it is; what comes later goes on from the last one.
    if (counted === false || point.extra?.noRecordedValue === true) return [point];
    const delta = this.#delta(counted, point, delivery);
    if (delta === undefined) return [];
    const { series, time, extra } = point;
    const { startNanos: _, ...rest } = extra ?? {};
    return [{ series, ...delta, time, ...(extra === undefined ? {} : { extra: rest }) }];
  }

  /** One row, or several where its series were not all seen last at the same time. */
  #rowsOf(row: Row, delivery: Delivery): readonly Row[] {
    const { series: list, start, time } = row;
    const byStart = new Map<number, number[]>();
    const put = (from: number, index: number, value: number) => {
      const values = byStart.get(from) ?? new Array<number>(list.length).fill(Number.NaN);
      values[index] = value;
      byStart.set(from, values);
    };
    let converted = false;
    for (const [index, value] of row.values.entries()) {
      if (Number.isNaN(value)) continue;
      const counted = this.#countedOf(list[index]!);
      if (counted !== false) converted = true;
      const delta = counted === false ? { start, value } : this.#delta(counted, { start, time, value }, delivery);
      if (delta !== undefined) put(delta.start, index, delta.value as number);
    }
    return converted ? [...byStart].map(([from, values]) => new Row(list, from, time, values)) : [row];
  }

  #delta(counted: Counted, now: Omit<Point, "series">, delivery: Delivery): Delta | undefined {
    const { last } = counted;
    const { receivedAt } = delivery;
    const { max_staleness: staleMs } = this.#config;
    const isFirst = last === undefined || (staleMs > 0 && receivedAt - last.receivedAt > staleMs);
    if (!isFirst && now.time < last.time) return this.#drop("out_of_order", delivery);
    counted.last = { time: now.time, value: now.value, receivedAt };
    delivery.transaction.onRolledBack(() => {
      counted.last = last;
    });
    if (isFirst) return this.#keepsFirst(now) ? now : this.#drop("initial", delivery);
    // It counts from a later time than its last value: all of it is new, however large it is.
    const grown = now.start > last.time ? undefined : difference(now.value, last.value);
    return grown === undefined
      ? { start: Math.max(now.start, last.time), value: now.value }
      : { start: last.time, value: grown };
  }

  #keepsFirst({ start, time }: Omit<Point, "series">): boolean {
    const { initial_value: rule } = this.#config;
    return rule === "keep" || (rule === "auto" && start > 0 && start !== time && start >= this.#startedAt);
  }

  #drop(reason: "initial" | "out_of_order", delivery: Delivery): undefined {
    delivery.onCommitted(() => this.#drops[reason].value++);
  }

  #countedOf(series: Series): Counted | false {
    let counted = this.#counted.get(series);
    if (counted === undefined) {
      counted = this.#isConverted(series) && { last: undefined };
      this.#counted.set(series, counted);
    }
    return counted;
  }

  #isConverted({ metric }: Series): boolean {
    const { include, exclude } = this.#config;
    const can =
      metric.temporality === "cumulative" &&
      ((metric.type === "sum" && metric.monotonic) || metric.type === "histogram");
    return can && include?.(metric) !== false && exclude?.(metric) !== true;
  }
}
