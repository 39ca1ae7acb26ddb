import type { Counters } from "./counters.ts";
import { OPENING, type Protocol } from "./handlers.ts";

/** A client's connection to a service, and what it adds to the counters of both levels. */
export class Connection {
  readonly #ofService: Counters;
  readonly #ofClient: Counters | undefined;
  readonly #onClosed: (connection: Connection) => void;
  #state: "open" | "closed" | "dropped" = "open";
  /** At handler level the first request of a plain HTTP connection has no input, however large its body is. */
  #inputUncounted: boolean;

  constructor(
    protocol: Protocol,
    counters: { readonly ofService: Counters; readonly ofClient: Counters | undefined },
    onClosed: (connection: Connection) => void,
  ) {
    this.#ofService = counters.ofService;
    this.#ofClient = counters.ofClient;
    this.#onClosed = onClosed;
    this.#inputUncounted = protocol === "http_plain";
    const { input, output, handlerOutput } = OPENING[protocol];
    this.#ofService.add({ totalConns: 1, currentConns: 1, inputBytes: input, outputBytes: output });
    this.#ofClient?.add({ totalConns: 1, currentConns: 1, outputBytes: handlerOutput });
  }

  get open(): boolean {
    return this.#state === "open";
  }

  /** Payload, seen from the client: `inputBytes` is its upload. */
  move(inputBytes: number, outputBytes: number): void {
    if (!this.open) return;
    this.#ofService.add({ inputBytes, outputBytes });
    this.#ofClient?.add({ inputBytes: this.#inputUncounted ? 0 : inputBytes, outputBytes });
    this.#inputUncounted = false;
  }

  close(): void {
    if (!this.open) return;
    this.#state = "closed";
    this.#ofService.add({ currentConns: -1 });
    this.#ofClient?.add({ currentConns: -1 });
    this.#onClosed(this);
  }

  /** The process is gone: nobody counts anything any more. */
  drop(): void {
    this.#state = "dropped";
  }
}
