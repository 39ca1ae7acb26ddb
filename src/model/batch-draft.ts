import { type Point, pointsOf, type Row } from "./points.ts";
import type { Metric } from "./series.ts";

/**
 * A batch in the making. Its rows stand in front of its points, so a row that would overtake a point of one of its series
 * is made into points: what is told of a series stays in order.
 */
export class BatchDraft {
  readonly rows: Row[] = [];
  readonly points: Point[] = [];
  /** Of what there are points: to look for the metrics of a row's series is enough, and takes no time. */
  readonly #metrics = new Set<Metric>();
  #lastMetric: Metric | undefined;

  addPoint(point: Point): void {
    const { metric } = point.series;
    if (metric !== this.#lastMetric) {
      this.#metrics.add(metric);
      this.#lastMetric = metric;
    }
    this.points.push(point);
  }

  addRow(row: Row): void {
    const overtakes = this.points.length > 0 && row.series.some(({ metric }) => this.#metrics.has(metric));
    if (!overtakes) this.rows.push(row);
    else for (const point of pointsOf(row)) this.addPoint(point);
  }
}
