/** The members of `stats`, in the order in which a stream of GOST's keeps them. */
export const COUNTS = ["totalConns", "currentConns", "inputBytes", "outputBytes", "totalErrs"] as const;

export type CountName = (typeof COUNTS)[number];

/** The members of an event's `stats`, unchecked. */
export type StatsMembers = { readonly [Name in CountName]?: unknown };

/**
 * What one member of `stats` says. GOST counts in unsigned 64 bits, we in numbers that are exact below 2^53:
 * a count from 2^63 on is a negative one that wrapped, and is 0; one between is as large as we can say.
 */
export type Count =
  | { readonly type: "exact"; readonly value: number }
  | { readonly type: "clamped"; readonly value: number }
  | { readonly type: "absent" }
  | { readonly type: "bad" };

const ABSENT: Count = { type: "absent" };
const BAD: Count = { type: "bad" };
const WRAPPED: Count = { type: "clamped", value: 0 };
const TOO_LARGE: Count = { type: "clamped", value: Number.MAX_SAFE_INTEGER };

/** `value` as a decoder gives it exactly: a safe whole number, or a `bigint` from 2^53 on; all else is no count. */
export function readCount(value: unknown): Count {
  if (value === undefined || value === null) return ABSENT;
  if (typeof value === "bigint") {
    if (value >= 1n << 64n) return BAD;
    return value >= 1n << 63n ? WRAPPED : TOO_LARGE;
  }
  return isExactCount(value) ? { type: "exact", value } : BAD;
}

/** Whether all members are counts as they stand, as nearly always. */
export function areExactCounts(stats: StatsMembers): stats is Record<CountName, number> {
  return COUNTS.every((name) => isExactCount(stats[name]));
}

function isExactCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Whether a number has to be read again as text to know what was sent: a double is not exact from 2^53 on. */
export function isInexact(value: unknown): boolean {
  return typeof value === "number" && value > Number.MAX_SAFE_INTEGER;
}
