import type { StoreBackend } from "../../src/component/store.ts";

export interface QueuedRows {
  readonly backend: StoreBackend;
  readonly size: number;
  /** The most that it ever held. */
  readonly largest: number;
}

/**
 * A store for one queue with very many rows, as bytes: a page costs what it holds, as in a real one. Keys come in order,
 * and go mostly from the front.
 */
export function queueStore(): QueuedRows {
  const rows = new Map<string, Uint8Array>();
  /** In order; those that are gone are left out when it is made anew. */
  let keys: string[] = [];
  let largest = 0;

  /** The place of the first key behind this one. */
  function placeBehind(after: string | undefined): number {
    let low = 0;
    let high = after === undefined ? 0 : keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (keys[middle]! <= after!) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  const backend: StoreBackend = {
    durable: true,
    load: () => Promise.reject(new Error("a queue is read in pages")),
    find: () => Promise.reject(new Error("a queue is read in pages")),
    count: async () => rows.size,
    async page(scope, { after, rowsMax }) {
      const page: [string, ReturnType<typeof scope.codec.decode>][] = [];
      let at = placeBehind(after);
      for (; at < keys.length && page.length < rowsMax; at++) {
        const row = rows.get(keys[at]!);
        if (row !== undefined) page.push([keys[at]!, scope.codec.decode(row)]);
      }
      return { rows: page, last: at < keys.length ? page.at(-1)?.[0] : undefined };
    },
    commit(changes) {
      for (const { scope, key, value } of changes) {
        if (value === undefined) {
          rows.delete(key);
          continue;
        }
        if (!rows.has(key)) keys.push(key);
        rows.set(key, scope.codec.encode(value));
      }
      largest = Math.max(largest, rows.size);
      if (keys.length > 2 * rows.size + 1000) keys = keys.filter((key) => rows.has(key));
    },
  };
  return {
    backend,
    get size() {
      return rows.size;
    },
    get largest() {
      return largest;
    },
  };
}
