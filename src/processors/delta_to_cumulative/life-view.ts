import { type Behaviours, type Lineage, lineageOf, openOf, type StreamState } from "./stream-state.ts";

/** What the source's life says about a report. */
export interface LifeView {
  readonly mode: Mode;
  readonly life: number;
  /** The life of a report that cannot be the present life's: one more while a beginning waits for its first report. */
  readonly nextLife: number;
  /** Whether that beginning is a reload, which instances before it may outlive. */
  readonly reloadWaits: boolean;
  readonly restart: number;
  /** How many lineages an identity can have had in this life at the most, one unseen restart among them. */
  readonly lineagesMax: number;
  /** How many emitters an instance is taken to have; and how many it can have, should its values ask for more. */
  readonly emitters: number;
  readonly emittersMax: number;
  /** Whether that is known, and not what the values told. */
  readonly isCounted: boolean;
  /** How many instances the present process has had. */
  readonly instances: number;
  /** The report names an epoch that is over: an instance that lives on, of which no lineage is kept. */
  readonly late: boolean;
  /** When the report came, and the one of the source before it; 0 never. */
  readonly at: number;
  readonly earlierAt: number;
}

/** `undecided`: nothing was told and nothing proven; what counts less is shown. */
export type Mode = "delta" | "cumulative" | "undecided";

/**
 * A new process ends all lineages. A reload ends those that had no connection open, and keeps the others, also those of which it is not known: the instance
 * before it reports on until they close. Then only a fall tells that the new one speaks.
 */
export function lineageEnded({ lineage, totals }: StreamState, behaviours: Behaviours, view: LifeView): boolean {
  if (lineage.life >= view.life) return false;
  if (lineage.life < view.restart) return true;
  return openOf(totals, behaviours) === 0;
}

export function lineageAfter({ lineage, totals }: StreamState, view: LifeView, untold: boolean): Lineage {
  const { start, life, falls, epochs } = lineage;
  const isNew = totals.every(Number.isNaN);
  const isOfNextLife = view.nextLife !== view.life && (untold || isNew);
  const lifeAfter = isOfNextLife ? view.nextLife : view.late ? life : Math.max(life, view.life);
  if (lifeAfter === life && !untold) return lineage;
  return lineageOf(start, lifeAfter, untold ? falls + 1 : falls, isNew ? epochs : epochs + 1);
}
