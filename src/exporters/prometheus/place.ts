import type { Point } from "../../model/points.ts";
import type { Series, Stream } from "../../model/series.ts";

/**
 * One name and one set of labels: what Prometheus takes for one series, whatever it is made of here. A number from 0 up, by
 * which `Places` has the rest; that of a place which was taken out is given to another.
 */
export type Place = number;

/** The places of a list of series that come in rows. */
export interface RowPlaces {
  readonly series: readonly Series[];
  /** For whom the list was made, if that is known. */
  readonly stream: Stream | undefined;
  /** One for each of the series, which owns it. */
  readonly places: ArrayLike<Place>;
  /** Where `WaitingRows` has what waits for them. */
  readonly number: number;
}

/** A point that is not shown, for its place is another series'. */
export interface Contender {
  readonly point: Point;
  readonly seenMs: number;
}
