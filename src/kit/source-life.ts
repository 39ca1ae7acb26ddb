import type { LifeEvent } from "../model/source-facts.ts";

/**
 * A reload stops the old instance and begins the new one within milliseconds, and tells both in either order. A process
 * that was killed tells only that the next one began.
 */
export const RELOAD_MS = 2000;

/**
 * A source reports a period after it began, and periods last a second at least. What arrives sooner was on its way
 * from the instance before.
 */
export const SETTLING_MS = 500;

/**
 * How far two times lie apart, milliseconds. Between them the machine's clock may have been set: what then seems to come
 * long before something that came earlier is not close to it.
 */
export function apart(one: number, other: number): number {
  return Math.abs(one - other);
}

/** What a source told last of its beginnings and ends; times are milliseconds since the epoch, 0 is never. */
export interface LifeSigns {
  readonly beganAt: number;
  /** Whether that beginning was a reload: an end was told close to it. Otherwise the process before it is gone. */
  readonly reload: boolean;
  readonly closedAt: number;
  /** Whether that end is the one that made a reload of a beginning, as far as is known. It makes one only. */
  readonly endTaken: boolean;
}

export const NO_LIFE_SIGNS: LifeSigns = Object.freeze({ beganAt: 0, reload: false, closedAt: 0, endTaken: false });

/** Whether what comes now can still be from before the last beginning. */
export function isSettling({ beganAt }: LifeSigns, now: number): boolean {
  return apart(now, beganAt) < SETTLING_MS;
}

/** Whether the last beginning may still prove to be a reload: its end, where there was one, can be on its way. */
export function endMayCome({ beganAt, reload }: LifeSigns, now: number): boolean {
  return !reload && apart(now, beganAt) <= RELOAD_MS;
}

/** The signs after one more event. An end just after a beginning belongs to the life before it. */
export function afterLifeEvent(signs: LifeSigns, { type, at }: LifeEvent): LifeSigns {
  switch (type) {
    case "began": {
      const reload = apart(at, signs.closedAt) <= RELOAD_MS && (!signs.endTaken || isEndOf(signs, at));
      return { ...signs, beganAt: at, reload, endTaken: signs.endTaken || reload };
    }
    case "closed": {
      const endTaken = !signs.reload && apart(at, signs.beganAt) <= RELOAD_MS;
      return { ...signs, closedAt: at, reload: signs.reload || endTaken, endTaken };
    }
    case "connections_lost":
    case "gone":
      return signs; // Says that the process may be gone, not that its counters began again.
    default:
      return type satisfies never;
  }
}

/** Whether the last beginning was a reload still, once the next one came: their ends may arrive before they do. */
export function wasReload(signs: LifeSigns, nextBeganAt: number): boolean {
  return signs.reload && !(signs.endTaken && isEndOf(signs, nextBeganAt));
}

/** Whether the end that was told last is of the beginning that comes now, and not of the one before it. */
function isEndOf({ beganAt, closedAt }: LifeSigns, nextBeganAt: number): boolean {
  return apart(closedAt, nextBeganAt) < apart(closedAt, beganAt);
}
