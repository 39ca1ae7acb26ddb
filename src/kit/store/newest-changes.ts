import type { Change, ValueScope } from "../../component/store.ts";

/** Calls back for the last change of each row, newest first: what went before it would only be written over. */
export function eachNewest(changes: readonly Change[], newest: (change: Change) => void): void {
  const seen = new SeenRows();
  for (let index = changes.length - 1; index >= 0; index--) {
    const change = changes[index]!;
    if (seen.add(change.scope, change.key)) newest(change);
  }
}

class SeenRows {
  readonly #keys: { readonly scope: ValueScope<unknown>; readonly keys: Set<string> }[] = [];
  /** Of the scope that was asked for last: many rows in a row are of one scope. */
  #last: { readonly scope: ValueScope<unknown>; readonly keys: Set<string> } | undefined;

  /** False where the row was there already. */
  add(scope: ValueScope<unknown>, key: string): boolean {
    const { keys } = this.#last?.scope === scope ? this.#last : this.#keysOf(scope);
    const before = keys.size;
    return keys.add(key).size > before;
  }

  #keysOf(scope: ValueScope<unknown>) {
    const { name, archived } = scope;
    let found = this.#keys.find((one) => one.scope.name === name && one.scope.archived === archived);
    if (found === undefined) {
      found = { scope, keys: new Set() };
      this.#keys.push(found);
    }
    this.#last = found;
    return found;
  }
}
