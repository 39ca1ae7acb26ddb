import type { Log } from "../component/log.ts";
import type { StoreBackend } from "../component/store.ts";
import type { ControlServer, ListenControl } from "../kit/control/messages.ts";
import { answerControl, type Controlled } from "./control.ts";

export interface ControlSocketOptions extends Controlled {
  readonly listen: ListenControl | undefined;
  readonly store: StoreBackend;
  readonly log: Log;
  /** Waits for the end of a reload that is under way. */
  readonly settled: () => Promise<unknown>;
}

/** The agent's ear for `gostcol totals adjust`, beside its store: where nothing is stored, there is nothing to ask it. */
export class ControlSocket {
  readonly #options: ControlSocketOptions;
  #server: ControlServer | undefined;

  constructor(options: ControlSocketOptions) {
    this.#options = options;
  }

  /** That it cannot listen is a warning: totals matter more. */
  async open(signal: AbortSignal): Promise<void> {
    const { listen, store, log, settled } = this.#options;
    if (listen === undefined || !store.durable || store.place === undefined) return;
    try {
      this.#server = await listen(
        store.place,
        async (request, signal) => {
          await settled();
          return answerControl(this.#options, request, signal);
        },
        signal,
      );
    } catch (thrown) {
      signal.throwIfAborted();
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      log.warn(`gostcol totals adjust cannot reach this agent: ${reason}`);
    }
  }

  async close(deadline: AbortSignal): Promise<void> {
    await this.#server?.close(deadline);
  }
}
