/**
 * A key as text that UTF-8 can hold. A JavaScript string may have halves of surrogate pairs, which would all become the
 * same character in a file; such a key is written as JSON behind a mark that nobody writes.
 */
const MARK = "\uffff";

export function storedKey(key: string): string {
  return key.isWellFormed() && !key.startsWith(MARK) ? key : MARK + JSON.stringify(key);
}

export function keyOfStored(stored: string): string {
  return stored.startsWith(MARK) ? (JSON.parse(stored.slice(MARK.length)) as string) : stored;
}
