import { STORE } from "../component/capabilities.ts";
import type { Extension } from "../component/component.ts";
import type {
  Change,
  Page,
  PageRange,
  StateScope,
  StoreBackend,
  StoredScopes,
  ValueScope,
} from "../component/store.ts";
import type { GraphNode } from "../pipeline/graph.ts";

/**
 * The agent's store as its parts see it: they are made before it is known which extension, if any, provides one. Until
 * then, and without one, it is `fallback`.
 */
export class AgentStore implements StoreBackend {
  #backend: StoreBackend;

  constructor(fallback: StoreBackend) {
    this.#backend = fallback;
  }

  get durable(): boolean {
    return this.#backend.durable;
  }

  get place(): string | undefined {
    return this.#backend.place;
  }

  get scopes(): StoredScopes | undefined {
    return this.#backend.scopes;
  }

  use(backend: StoreBackend): void {
    this.#backend = backend;
  }

  load<T>(scope: StateScope<T>, signal: AbortSignal): Promise<ReadonlyMap<string, T>> {
    return this.#backend.load(scope, signal);
  }

  page<T>(scope: StateScope<T>, range: PageRange, signal: AbortSignal): Promise<Page<T>> {
    return this.#backend.page(scope, range, signal);
  }

  find<T>(scope: ValueScope<T>, keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, T>> {
    return this.#backend.find(scope, keys, signal);
  }

  count(scope: ValueScope<unknown>, signal: AbortSignal): Promise<number> {
    return this.#backend.count(scope, signal);
  }

  commit(changes: readonly Change[], signal: AbortSignal): void | Promise<void> {
    return this.#backend.commit(changes, signal);
  }

  gather(ready: () => void): void {
    if (this.#backend.gather === undefined) ready();
    else this.#backend.gather(ready);
  }
}

/** The store that an extension provides. */
export function providedStore({ instance }: GraphNode): StoreBackend | undefined {
  return (instance as Extension).provides?.get(STORE.name) as StoreBackend | undefined;
}

/** The node that provides the store in front of all others: it starts first, and stops last. */
export function storeFirst(nodes: readonly GraphNode[]): readonly GraphNode[] {
  const providers = nodes.filter((node) => providedStore(node) !== undefined);
  if (providers.length > 1) {
    const ids = providers.map(({ plan }) => plan.id).join(" and ");
    throw new Error(`the extensions ${ids} would both be the store: service.extensions may name one of them`);
  }
  return [...providers, ...nodes.filter((node) => !providers.includes(node))];
}
