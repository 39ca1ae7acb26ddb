import type { Delivery } from "../../component/delivery.ts";
import type { Log } from "../../component/log.ts";
import type { Codec, StateScope, Store } from "../../component/store.ts";

const KEY = "default";

export interface DefaultNameOptions {
  /** `node.default`, where it is configured. */
  readonly configured: string | undefined;
  /** What this machine is called now. */
  readonly hostName: string;
  readonly store: Store;
  readonly log: Log;
}

/**
 * The name of a node that nothing names: the configured one, else this machine's, as it was when a node was called by it
 * first. A machine may have another name later, a container has one each time that it is made anew; and what a GOST counts
 * on would then be counted once more, from its start, as another node's.
 */
export class DefaultName {
  readonly #options: DefaultNameOptions;
  readonly #scope: StateScope<string>;
  #kept: string | undefined;

  constructor(options: DefaultNameOptions) {
    this.#options = options;
    this.#scope = options.store.scope(nameCodec, "names");
  }

  get name(): string {
    const { configured, hostName } = this.#options;
    return configured ?? this.#kept ?? hostName;
  }

  async load(signal: AbortSignal): Promise<void> {
    const { configured, hostName, log } = this.#options;
    this.#kept = (await this.#scope.load(signal)).get(KEY);
    if (configured !== undefined || this.#kept === undefined || this.#kept === hostName) return;
    log.warn(
      `this machine was called ${this.#kept} when a node without a name of its own was counted first, and is called ` +
        `${hostName} now: such nodes go on under the first name. Set node.default to give them one`,
    );
  }

  /** A node was called so: it will be the next time, too. */
  keep({ transaction }: Delivery): void {
    const { configured, hostName } = this.#options;
    if (configured !== undefined || this.#kept !== undefined) return;
    this.#kept = hostName;
    transaction.put(this.#scope, KEY, hostName);
    transaction.onRolledBack(() => {
      this.#kept = undefined;
    });
  }
}

const VERSION = 1;

const nameCodec: Codec<string> = {
  encode: (name) => Buffer.from(`${String.fromCharCode(VERSION)}${name}`),
  decode(bytes) {
    if (bytes[0] !== VERSION) throw new Error(`node name of version ${bytes[0]}`);
    return Buffer.from(bytes.subarray(1)).toString();
  },
};
