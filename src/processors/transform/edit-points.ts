import type { DataPoint } from "../../kit/ottl/contexts/datapoint.ts";
import { interned } from "../../kit/series-mapping.ts";
import { unlessSame } from "../../lib/unless-same.ts";
import { type MetricsBatch, type Point, Row } from "../../model/points.ts";
import type { Series } from "../../model/series.ts";
import type { SeriesTable } from "../../model/series-table.ts";

/** What becomes of a point: it, another one, or several. */
export type Edit = (point: DataPoint) => readonly DataPoint[];

/** The batch with every point edited; what does not change is the same, down to the whole batch. */
export function editPoints(batch: MetricsBatch, edit: Edit, table: SeriesTable): MetricsBatch {
  const editRows = (rows: readonly Row[]): Edited => {
    const edited = rows.map((row) => editRow(row, edit, table));
    return { rows: edited.flatMap(({ rows }) => rows), points: edited.flatMap(({ points }) => points) };
  };
  const ofRows = editRows(batch.rows);
  const ownPoints = batch.points.flatMap((point) => editPoint(point, edit, table));
  const rows = unlessSame(batch.rows, ofRows.rows);
  const points = unlessSame(batch.points, [...ownPoints, ...ofRows.points]);
  if (rows === batch.rows && points === batch.points) return batch;
  return { ...batch, rows, points };
}

interface Edited {
  readonly rows: readonly Row[];
  readonly points: readonly Point[];
}

function editPoint(point: Point, edit: Edit, table: SeriesTable): readonly Point[] {
  return edit(point).map((edited) =>
    edited === point ? point : { ...edited, series: seriesOf(edited, point.series, table) },
  );
}

/**
 * Values that only changed stay in the row. One with another time is a row of the same series alone, and one of another
 * series is a point: no stream has made it.
 */
function editRow(row: Row, edit: Edit, table: SeriesTable): Edited {
  const { series: list, start, time } = row;
  const rows: Row[] = [];
  const points: Point[] = [];
  const values = row.values.map((value, index) => {
    if (Number.isNaN(value)) return value;
    const point: Point = { series: list[index]!, start, time, value };
    let left = Number.NaN;
    for (const edited of editPoint(point, edit, table)) {
      if (edited.series !== point.series || typeof edited.value !== "number") points.push(edited);
      else if (edited.start === start && edited.time === time) left = edited.value;
      else {
        const alone = list.map((_, other) => (other === index ? (edited.value as number) : Number.NaN));
        rows.push(new Row(list, edited.start, edited.time, alone));
      }
    }
    return left;
  });
  const isSame = values.every((value, index) => Object.is(value, row.values[index]));
  const left = isSame
    ? [row]
    : values.some((value) => !Number.isNaN(value))
      ? [new Row(list, start, time, values)]
      : [];
  return { rows: [...left, ...rows], points };
}

function seriesOf({ series }: DataPoint, before: Series, table: SeriesTable): Series {
  return series === before ? before : interned(table, series);
}
