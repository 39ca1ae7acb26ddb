import type { Delivery } from "../../component/delivery.ts";
import type { Codec, StateScope, Store } from "../../component/store.ts";
import type { MetricsBatch } from "../../model/points.ts";
import type { Node, Service } from "./node.ts";
import type { NodeBook } from "./node-book.ts";

/**
 * The services that were ready when they told their state last, beyond the end of this receiver: GOST tells a state once,
 * and may not have another one to tell for months.
 *
 * The other states are not kept. `running` passes into `ready` within moments, `failed` is told again while it lasts, and
 * `closed` is over: of what is told while nobody listens, only that a service became ready leaves no trace.
 */
export class ReadyServices {
  readonly #scope: StateScope<true>;
  /** Of all rows, `[node, service]` as JSON. */
  readonly #keys = new Set<string>();
  /** Those of them that were there before the start and have not been heard of since. */
  readonly #before = new Set<string>();

  constructor(store: Store) {
    this.#scope = store.scope(readyCodec);
  }

  async load(signal: AbortSignal): Promise<void> {
    for (const key of (await this.#scope.load(signal)).keys()) {
      this.#keys.add(key);
      this.#before.add(key);
    }
  }

  /** Keeps what these services have just told, with the delivery that brought it. */
  keep(services: readonly Service[], { transaction }: Delivery): void {
    for (const service of services) {
      const key = keyOf(service.node.name, service.name);
      this.#before.delete(key);
      const [was, is] = [this.#keys.has(key), service.state === "ready"];
      if (was === is) continue;
      if (is) transaction.put(this.#scope, key, true);
      else transaction.delete(this.#scope, key);
      this.#note(key, is);
      transaction.onRolledBack(() => this.#note(key, was));
    }
  }

  /** Makes those services of a report ready again that were so before the start and told nothing since; these are given. */
  recall(node: Node, batches: readonly MetricsBatch[]): readonly Service[] {
    if (this.#before.size === 0) return NOBODY;
    return batches.flatMap(({ source: facts }) => {
      const service = facts && node.services.get(facts.source.service);
      if (service === undefined || !this.#before.delete(keyOf(node.name, service.name))) return [];
      if (service.state !== undefined) return [];
      service.state = "ready";
      return [service];
    });
  }

  /** Nobody else is waited for. */
  expectNobody(): void {
    this.#before.clear();
  }

  /** Up to so many that are not in the book any more, nor waited for: rows to be deleted. */
  forgotten({ nodes }: NodeBook, max: number): readonly string[] {
    const keys: string[] = [];
    for (const key of this.#keys) {
      if (keys.length === max) break;
      const [node, service] = JSON.parse(key) as [string, string];
      if (!this.#before.has(key) && nodes.get(node)?.services.has(service) !== true) keys.push(key);
    }
    return keys;
  }

  forget(keys: readonly string[], { transaction }: Delivery): void {
    for (const key of keys) {
      transaction.delete(this.#scope, key);
      this.#note(key, false);
      transaction.onRolledBack(() => this.#note(key, true));
    }
  }

  #note(key: string, isReady: boolean): void {
    if (isReady) this.#keys.add(key);
    else this.#keys.delete(key);
  }
}

const NOBODY: readonly Service[] = [];

const keyOf = (node: string, service: string) => JSON.stringify([node, service]);

const VERSION = 1;

/** That there is a row says it all. */
const readyCodec: Codec<true> = {
  encode: () => Uint8Array.of(VERSION),
  decode([version]) {
    if (version !== VERSION) throw new Error(`ready service of version ${version}`);
    return true;
  },
};
