import type { Random } from "../../lib/random.ts";
import { type Histogram, isHistogram, type Point } from "../../model/points.ts";
import type { Series } from "../../model/series.ts";
import type { Memo, SeriesTable } from "../../model/series-table.ts";
import type { Config } from "./config.ts";
import { type LineShape, lineShape, signIsRelative } from "./line-format.ts";
import type { SentValue } from "./sent-values.ts";

/** What a point says and does not say again: its lines, and what is sent of its series after them. */
export interface PointLines {
  readonly lines: readonly string[];
  /** Absent where nothing has to be remembered: gauges and deltas. */
  readonly sent?: SentValue;
}

/** Why a point has no lines. */
export type Unsayable = "unsupported_type" | "not_a_number" | "unspecified_temporality";

/** Makes lines of points. Counters are increments: cumulative values become what they grew by since the last line. */
export class Lines {
  readonly #config: Config;
  readonly #random: Random;
  readonly #shapes: Memo<Map<string, LineShape>>;

  constructor(config: Config, table: SeriesTable, random: Random) {
    this.#config = config;
    this.#random = random;
    this.#shapes = table.memo();
  }

  dispose(): void {
    this.#shapes.dispose();
  }

  /** `before`: what was sent of the series so far. */
  of(point: Point, before: SentValue | undefined): PointLines | Unsayable {
    const { value, series } = point;
    if (point.extra?.noRecordedValue) return { lines: [] };
    const { type, monotonic, temporality } = series.metric;
    if (typeof value === "number" && !Number.isFinite(value)) return "not_a_number";
    if (
      typeof value === "number" &&
      (type === "gauge" || (type === "sum" && !monotonic && temporality === "cumulative"))
    ) {
      return { lines: this.#gauge(series, value) };
    }
    if (temporality === "unspecified") return "unspecified_temporality";
    if (type === "sum" && typeof value === "number") return this.#counter(point, value, before);
    return isHistogram(value) ? this.#histogram(point, value, before) : "unsupported_type";
  }

  /** To most servers `-5` means "five less", so a negative value is told as nothing and then less. */
  #gauge(series: Series, value: number): string[] {
    const shape = this.#shape(series);
    const line = shape.line(numberText(value), "g");
    return value < 0 && signIsRelative(this.#config.format) ? [shape.line("0", "g"), line] : [line];
  }

  #counter({ series, start }: Point, value: number, before: SentValue | undefined): PointLines {
    if (series.metric.temporality === "delta") return { lines: this.#increment(this.#shape(series), value) };
    if (isOlder(start, value, before)) return { lines: [] };
    const last = beganAgain(start, value, before) ? 0 : (before?.values[0] ?? 0);
    return { lines: this.#increment(this.#shape(series), value - last), sent: { start, values: [value] } };
  }

  /** Counts and sum, and each bucket, as counters of their own; or as values at the bounds, each for so many. */
  #histogram({ series, start }: Point, value: Histogram, before: SentValue | undefined): PointLines {
    const { histograms } = this.#config;
    if (histograms === "none") return { lines: [] };
    const now = [value.count, value.sum ?? 0, ...value.counts];
    const isDelta = series.metric.temporality === "delta";
    if (!isDelta && isOlder(start, value.count, before)) return { lines: [] };
    const isNew = isDelta || before?.values.length !== now.length || beganAgain(start, value.count, before);
    const last = isNew ? [] : before.values;
    const [count = 0, sum = 0, ...counts] = now.map((each, index) => each - (last[index] ?? 0));
    const remembered = isDelta ? {} : { sent: { start, values: now } };
    const bounds = [...value.bounds, Number.POSITIVE_INFINITY];
    if (histograms === "counters") {
      const buckets = counts.flatMap((each, index) =>
        this.#increment(this.#shape(series, ".bucket", bounds[index]), each),
      );
      const sums = value.sum === undefined ? [] : this.#increment(this.#shape(series, ".sum"), sum);
      return { lines: [...this.#increment(this.#shape(series, ".count"), count), ...sums, ...buckets], ...remembered };
    }
    const type = { timing: "ms", histogram: "h", distribution: "d" } as const;
    const lines = counts.flatMap((each, index) => {
      if (each <= 0) return [];
      // The last bucket has no upper bound: the largest that is known stands for it.
      const bound = bounds[index]!;
      const at = Number.isFinite(bound) ? bound : (value.max ?? value.bounds.at(-1) ?? 0);
      return [this.#shape(series).line(numberText(at), type[histograms], 1 / each)];
    });
    return { lines, ...remembered };
  }

  #increment(shape: LineShape, value: number): string[] {
    if (value === 0) return [];
    const { sample_rate: rate } = this.#config;
    if (rate < 1 && this.#random.float() >= rate) return [];
    return [shape.line(numberText(value), "c", rate)];
  }

  #shape(series: Series, suffix = "", bound?: number): LineShape {
    const key = `${suffix} ${bound ?? ""}`;
    const shapes = this.#shapes.get(series) ?? new Map<string, LineShape>();
    let shape = shapes.get(key);
    if (shape === undefined) {
      const extra = bound === undefined ? {} : { le: Number.isFinite(bound) ? String(bound) : "inf" };
      shape = lineShape(series, this.#config, { suffix, extra });
      shapes.set(key, shape);
      this.#shapes.set(series, shapes);
    }
    return shape;
  }
}

/** A count that is smaller though it began at the same time is an older one that was overtaken. */
function isOlder(start: number, count: number, before: SentValue | undefined): boolean {
  return before !== undefined && start !== 0 && start <= before.start && count < before.values[0]!;
}

/** Whether it counts from zero again since the last one: it says so by its start, or by a fall where it has none. */
function beganAgain(start: number, count: number, before: SentValue | undefined): boolean {
  return before !== undefined && ((before.start !== 0 && start > before.start) || count < before.values[0]!);
}

/** Without an exponent, which not every server reads. */
function numberText(value: number): string {
  const text = String(value);
  if (!text.includes("e")) return text;
  return Number.isInteger(value) ? String(BigInt(value)) : value.toFixed(20).replace(/\.?0+$/, "");
}
