import type { Consumer, Delivery } from "../../component/delivery.ts";
import type { AnyOf } from "../../kit/ottl/any-of.ts";
import type { DataPoint } from "../../kit/ottl/contexts/datapoint.ts";
import { unlessSame } from "../../lib/unless-same.ts";
import { type MetricsBatch, type Point, pointCount, Row } from "../../model/points.ts";
import type { Series } from "../../model/series.ts";
import type { Memo, SeriesTable } from "../../model/series-table.ts";
import type { ByContext } from "./conditions.ts";

/** What is to become of a series: all of its points are dropped, or none, or those for which these conditions hold. */
type Verdict = boolean | AnyOf<DataPoint>;

/** What is to become of the rows of these series: of each of them, and of all where that is the same. */
interface RowVerdict {
  readonly of: readonly Series[];
  readonly each: readonly Verdict[];
  readonly all: boolean | undefined;
}

/** Drops data points. What the series decides is decided once for each series, and once for each row of them. */
export class MetricsFilter implements Consumer<"metrics"> {
  readonly #conditions: ByContext<"resource" | "scope" | "metric" | "datapoint">;
  readonly #next: () => Consumer<"metrics"> | undefined;
  readonly #dropped: (points: number, delivery: Delivery) => void;
  readonly #verdicts: Memo<Verdict>;
  readonly #rowVerdicts: Memo<RowVerdict>;

  constructor(
    conditions: ByContext<"resource" | "scope" | "metric" | "datapoint">,
    series: SeriesTable,
    to: {
      readonly next: () => Consumer<"metrics"> | undefined;
      readonly dropped: (points: number, delivery: Delivery) => void;
    },
  ) {
    this.#conditions = conditions;
    this.#next = to.next;
    this.#dropped = to.dropped;
    this.#verdicts = series.memo();
    this.#rowVerdicts = series.memo();
  }

  dispose(): void {
    this.#verdicts.dispose();
    this.#rowVerdicts.dispose();
  }

  consume(batch: MetricsBatch, delivery: Delivery): void | Promise<void> {
    const rows = unlessSame(
      batch.rows,
      batch.rows.flatMap((row) => this.#rowLeft(row)),
    );
    const points = unlessSame(
      batch.points,
      batch.points.filter((point) => !this.#drops(point)),
    );
    if (rows === batch.rows && points === batch.points) return this.#next()?.consume(batch, delivery);
    const left: MetricsBatch = { ...batch, rows, points };
    this.#dropped(pointCount(batch) - pointCount(left), delivery);
    // What a report says of its source matters without its points as well.
    if (rows.length + points.length === 0 && batch.source === undefined) return;
    return this.#next()?.consume(left, delivery);
  }

  #drops(point: Point): boolean {
    const verdict = this.#verdictOf(point.series);
    return typeof verdict === "boolean" ? verdict : verdict.test(point);
  }

  /** The row without what is dropped: as it is, not at all, or with NaN in some places. */
  #rowLeft(row: Row): readonly Row[] {
    const { series, start, time, values } = row;
    const { each, all } = this.#verdictOfRow(series);
    if (all !== undefined) return all ? [] : [row];
    let kept = 0;
    const left = values.map((value, index) => {
      if (Number.isNaN(value)) return value;
      const verdict = each[index]!;
      const drops =
        typeof verdict === "boolean" ? verdict : verdict.test({ series: series[index]!, start, time, value });
      if (!drops) kept++;
      return drops ? Number.NaN : value;
    });
    if (kept === 0) return [];
    return left.every((value, index) => Object.is(value, values[index])) ? [row] : [new Row(series, start, time, left)];
  }

  #verdictOfRow(series: readonly Series[]): RowVerdict {
    const known = this.#rowVerdicts.get(series[0]!);
    if (known?.of === series) return known;
    const each = series.map((one) => this.#verdictOf(one));
    const [first] = each;
    const same = typeof first === "boolean" && each.every((verdict) => verdict === first);
    const verdict = { of: series, each, all: same ? first : undefined };
    this.#rowVerdicts.set(series[0]!, verdict);
    return verdict;
  }

  #verdictOf(series: Series): Verdict {
    const known = this.#verdicts.get(series);
    if (known !== undefined) return known;
    const { resource, scope, metric, datapoint } = this.#conditions;
    const verdict =
      resource.test(series) ||
      scope.test(series) ||
      metric.test(series) ||
      datapoint.settle({ series, start: 0, time: 0, value: 0 });
    this.#verdicts.set(series, verdict);
    return verdict;
  }
}
