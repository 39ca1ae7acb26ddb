import type { StateScope, Store, StoreBackend } from "../component/store.ts";

/** One component's part of the store: every scope's name begins with `owner`. */
export function componentStore(backend: StoreBackend, owner: string): Store {
  const names = new Set<string>();
  return {
    get durable() {
      return backend.durable;
    },
    page: (scope, range, signal) => backend.page(scope, range, signal),
    find: (scope, keys, signal) => backend.find(scope, keys, signal),
    count: (scope, signal) => backend.count(scope, signal),
    scope(codec, name) {
      const fullName = name === undefined ? owner : `${owner}#${name}`;
      if (names.has(fullName)) throw new Error(`BUG: the scope ${fullName} was asked for twice`);
      names.add(fullName);
      const scope: StateScope<ReturnType<typeof codec.decode>> = {
        name: fullName,
        codec,
        load: (signal) => backend.load(scope, signal),
      };
      return scope;
    },
  };
}
