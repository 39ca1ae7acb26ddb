import type { Change, StateScope, StoreBackend } from "../component/store.ts";

/**
 * A store that ends with the process. It keeps the staged values themselves, which are immutable, so nothing is encoded;
 * and it is never late, so deliveries over it never wait.
 */
export function memoryStore(): StoreBackend {
  const scopes = new Map<string, Map<string, unknown>>();
  return {
    durable: false,
    async load<T>(scope: StateScope<T>) {
      return new Map(scopes.get(scope.name)) as ReadonlyMap<string, T>;
    },
    commit(changes: readonly Change[]) {
      for (const { scope, key, value } of changes) {
        let rows = scopes.get(scope.name);
        if (rows === undefined) {
          rows = new Map();
          scopes.set(scope.name, rows);
        }
        if (value === undefined) rows.delete(key);
        else rows.set(key, value);
      }
    },
  };
}
