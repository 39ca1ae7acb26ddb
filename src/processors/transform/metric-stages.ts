import type { DataPoint, SeriesDescription } from "../../kit/ottl/contexts/datapoint.ts";
import type { Step } from "../../kit/ottl/steps.ts";
import { SeriesMapping } from "../../kit/series-mapping.ts";
import type { MetricsBatch } from "../../model/points.ts";
import type { SeriesTable } from "../../model/series-table.ts";
import { editPoints } from "./edit-points.ts";

type MetricStep = Step<"resource" | "scope" | "metric" | "datapoint">;

/** What makes another batch of one, without waiting and without changing it. */
export interface MetricStages {
  run(batch: MetricsBatch): MetricsBatch;
  dispose(): void;
}

/**
 * Puts steps that follow on each other together: those that need no more than the series are run once for each series,
 * those that need the point for each point, in the order in which they were written.
 */
export function metricStages(steps: readonly MetricStep[], table: SeriesTable): MetricStages {
  const mappings: SeriesMapping[] = [];
  const stages = runsOf(steps).map((run): ((batch: MetricsBatch) => MetricsBatch) => {
    const { reach, ofPoint } = run[0]!;
    if (ofPoint !== undefined) return (batch) => editPoints(batch, ofPoint, table);
    if (reach === "item") {
      const edit = (point: DataPoint) => [run.reduce((edited, step) => onPoint(step, edited), point)];
      return (batch) => editPoints(batch, edit, table);
    }
    const describe = (series: SeriesDescription) => run.reduce((edited, step) => onSeries(step, edited), series);
    const mapping = new SeriesMapping(table, describe);
    mappings.push(mapping);
    return (batch) => mapping.map(batch);
  });
  return {
    run: (batch) => stages.reduce((edited, stage) => stage(edited), batch),
    dispose() {
      for (const mapping of mappings) mapping.dispose();
    },
  };
}

/** Steps in a row that reach the point, or do not; one that makes several points of one is by itself. */
function runsOf(steps: readonly MetricStep[]): readonly (readonly MetricStep[])[] {
  const runs: MetricStep[][] = [];
  for (const step of steps) {
    const last = runs.at(-1);
    if (last !== undefined && goTogether(last[0]!, step)) last.push(step);
    else runs.push([step]);
  }
  return runs;
}

function goTogether(one: MetricStep, other: MetricStep): boolean {
  if (one.ofPoint !== undefined || other.ofPoint !== undefined) return false;
  return (one.reach === "item") === (other.reach === "item");
}

/** Of a step that needs no more than the series, so what stands for its point does not matter. */
function onSeries(step: MetricStep, series: SeriesDescription): SeriesDescription {
  if (step.context === "datapoint") return step.run({ series, start: 0, time: 0, value: 0 }).series;
  const { resource, scope, metric } = series;
  const subject = { resource, scope, metric };
  const edited = step.run(subject);
  return edited === subject ? series : { ...series, ...edited };
}

function onPoint(step: MetricStep, point: DataPoint): DataPoint {
  if (step.context === "datapoint") return step.run(point);
  const series = onSeries(step, point.series);
  return series === point.series ? point : { ...point, series };
}
