import type { Family, Sample } from "../../kit/prometheus/family.ts";
import type { Point, Row } from "../../model/points.ts";
import type { Series } from "../../model/series.ts";

/** One name and one set of labels: what Prometheus takes for one series, whatever it is made of here. */
export interface Place {
  readonly home: FamilyPlaces;
  readonly sample: Sample;
  /** The series that is shown. */
  owner: Series;
  /** When the owner last brought a point, by a monotonic clock. */
  seenMs: number;
  /** Where rows of the owner wait to be shown, if they do. */
  rows: RowPlaces | undefined;
  /** The last point of another series that would be shown here, since the owner's last. */
  contender: { readonly point: Point; readonly seenMs: number } | undefined;
}

/** The places of a list of series that come in rows, and the last row that waits to be shown there. */
export interface RowPlaces {
  readonly series: readonly Series[];
  /** One for each of the series, which owns it. */
  readonly places: readonly Place[];
  row: Row | undefined;
  seenMs: number;
  /** The latest time of anything that was shown there, or waits. */
  latestMs: number;
}

/** The places of one name, by the texts of their labels. */
export interface FamilyPlaces {
  readonly family: Family;
  readonly places: Map<string, Place>;
}

/** False once it was taken out: series that were sent here may still remember it. */
export const isShown = (place: Place) => place.sample.position >= 0;
