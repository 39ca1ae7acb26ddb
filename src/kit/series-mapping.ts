import { unlessSame } from "../lib/unless-same.ts";
import { type MetricsBatch, type Point, Row } from "../model/points.ts";
import type { Series } from "../model/series.ts";
import type { Memo, SeriesIdentity, SeriesTable } from "../model/series-table.ts";

/** A series as it is described, not interned yet. */
export type SeriesDescription = SeriesIdentity;

interface Mapped {
  readonly series: Series;
  readonly unpin: () => void;
}

/** A list of a row's series, and the list that takes its place. */
interface MappedList {
  readonly of: readonly Series[];
  readonly series: readonly Series[];
}

/**
 * Makes other series of those of batches. What a series becomes is worked out once for each series and once for each list
 * of a row's, so the list that takes its place is one list each time as well. Values pass as they are.
 *
 * A series that was made stays for as long as the one that it was made of.
 */
export class SeriesMapping {
  readonly #table: SeriesTable;
  readonly #describe: (series: Series) => SeriesDescription;
  readonly #mapped: Memo<Mapped>;
  readonly #lists: Memo<MappedList>;
  readonly #pinned = new Set<Mapped>();

  /** `describe` gives the same object where nothing changes. What it throws, `map` throws, and it is asked again. */
  constructor(table: SeriesTable, describe: (series: Series) => SeriesDescription) {
    this.#table = table;
    this.#describe = describe;
    this.#mapped = table.memo((_, mapped) => this.#forget(mapped));
    this.#lists = table.memo();
  }

  dispose(): void {
    for (const mapped of this.#pinned) this.#forget(mapped);
    this.#mapped.dispose();
    this.#lists.dispose();
  }

  /** The same batch where nothing changes. */
  map(batch: MetricsBatch): MetricsBatch {
    const rows = this.rows(batch.rows);
    const points = unlessSame(
      batch.points,
      batch.points.map((point) => this.#point(point)),
    );
    const assumedRepeat = batch.assumedRepeat && this.rows(batch.assumedRepeat);
    if (rows === batch.rows && points === batch.points && assumedRepeat === batch.assumedRepeat) return batch;
    return { ...batch, rows, points, assumedRepeat };
  }

  rows(rows: readonly Row[]): readonly Row[] {
    const mapped = rows.map((row) => {
      const series = this.list(row.series);
      return series === row.series ? row : new Row(series, row.start, row.time, row.values);
    });
    return unlessSame(rows, mapped);
  }

  /** What takes the place of a row's list: one list each time, and the same where nothing changes. */
  list(list: readonly Series[]): readonly Series[] {
    const first = list[0]!;
    const known = this.#lists.get(first);
    if (known?.of === list) return known.series;
    const series = unlessSame(
      list,
      list.map((one) => this.series(one)),
    );
    this.#lists.set(first, { of: list, series });
    return series;
  }

  series(series: Series): Series {
    const known = this.#mapped.get(series);
    if (known !== undefined) return known.series;
    const described = this.#describe(series);
    const made = described === series ? series : interned(this.#table, described);
    const unpin = made === series ? () => {} : this.#table.pin(made);
    const mapped = { series: made, unpin };
    this.#mapped.set(series, mapped);
    if (made !== series) this.#pinned.add(mapped);
    return made;
  }

  #point(point: Point): Point {
    const series = this.series(point.series);
    return series === point.series ? point : { ...point, series };
  }

  #forget(mapped: Mapped): void {
    mapped.unpin();
    this.#pinned.delete(mapped);
  }
}

/** The series of a description whose parts need not be interned. */
export function interned(table: SeriesTable, { resource, scope, metric, attributes }: SeriesDescription): Series {
  return table.series(
    table.resource(resource.attributes),
    table.scope(scope.name, scope.version, scope.attributes),
    table.metric(metric),
    attributes,
  );
}
