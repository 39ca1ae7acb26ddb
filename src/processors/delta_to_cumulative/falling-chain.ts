/**
 * The proof that values are deltas: the longest run of ever smaller values, not necessarily neighbours, that a counter
 * was seen to give.
 *
 * The counters of one emitter never fall, so of values that fall one after another each needs an emitter of its own. A
 * longer fall than there can be emitters is no fall of counters: the values count since the last report.
 *
 * Entry n is the largest value that ends a fall of n + 1 values. The array is never longer than `limit`, and a new one is
 * made for each change.
 */
export function withFallingValue(ends: readonly number[], value: number, limit: number): readonly number[] {
  let index = 0;
  while (index < ends.length && ends[index]! > value) index++;
  if (index === ends.length) return index < limit ? [...ends, value] : ends;
  return ends[index] === value ? ends : ends.with(index, value);
}
