import type { StoreBackend } from "../../src/component/store.ts";
import { foundIn, memoryStore, pageOf } from "../../src/kit/memory-store.ts";

/** A durable store without a disk: it keeps the bytes of what is committed, a moment later, and makes it anew of these. */
export function writtenStore(): StoreBackend {
  const rows = memoryStore();
  const load: StoreBackend["load"] = async (scope, signal) => {
    const written = (await rows.load(scope, signal)) as ReadonlyMap<string, unknown> as ReadonlyMap<string, Uint8Array>;
    return new Map([...written].map(([key, bytes]) => [key, scope.codec.decode(bytes)]));
  };
  return {
    ...rows,
    durable: true,
    load,
    page: async (scope, range, signal) => pageOf(await load(scope, signal), range),
    find: async (scope, keys, signal) =>
      foundIn(await load({ ...scope, load: () => Promise.reject(new Error("not this way")) }, signal), keys),
    async commit(changes, signal) {
      const written = changes.map(({ scope, key, value }) => ({
        scope,
        key,
        value: value === undefined ? undefined : scope.codec.encode(value),
      }));
      await Promise.resolve();
      await rows.commit(written, signal);
    },
  };
}
