/** The list from before, where the one after it has the same items: so what has not changed is known by reference. */
export function unlessSame<T>(before: readonly T[], after: readonly T[]): readonly T[] {
  return before.length === after.length && before.every((item, index) => item === after[index]) ? before : after;
}
