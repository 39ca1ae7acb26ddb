import type { ServerHttp2Session } from "node:http2";
import type { Clock } from "../../lib/clock.ts";
import { PROOF_TIMEOUT_MS } from "./connection.ts";
import type { Asked, SettableReceipt } from "./receipt.ts";

/**
 * Proves gRPC replies read: an HTTP/2 PING sent behind a reply is acknowledged only after the peer's transport has read
 * that reply. One PING is on its way at a time, and proves all replies before it.
 *
 * A lost connection or a PING without its acknowledgement leaves `unknown`: the reply may have been read all the same.
 */
export class PingProof implements Asked {
  readonly #session: ServerHttp2Session;
  readonly #clock: Clock;
  readonly #onIdle: () => void;
  /** Replies that are out, but behind which no PING was sent yet. */
  #unasked: SettableReceipt[] = [];
  /** Replies that the PING on its way will prove. */
  #asked: SettableReceipt[] = [];
  #pingSentAt: number | undefined;
  #scheduled = false;

  /** `onIdle` is called whenever no reply waits for its proof any more. */
  constructor(session: ServerHttp2Session, clock: Clock, onIdle: () => void) {
    this.#session = session;
    this.#clock = clock;
    this.#onIdle = onIdle;
  }

  get pending(): boolean {
    return this.#unasked.length > 0 || this.#asked.length > 0;
  }

  /** The stream of this reply is closed: all of it was handed to the socket. */
  sent(receipt: SettableReceipt): void {
    this.#unasked.push(receipt);
    if (this.#scheduled || this.#pingSentAt !== undefined) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#ping();
    });
  }

  /** Nothing to do: the PING is sent without being asked for. */
  ask(): void {}

  check(now: number): void {
    if (this.#pingSentAt !== undefined && now - this.#pingSentAt >= PROOF_TIMEOUT_MS) this.lost();
  }

  lost(): void {
    const receipts = [...this.#asked, ...this.#unasked];
    this.#asked = [];
    this.#unasked = [];
    for (const receipt of receipts) receipt.settle("unknown");
    this.#onIdle();
  }

  #ping(): void {
    if (this.#unasked.length === 0) return;
    this.#asked = this.#unasked;
    this.#unasked = [];
    this.#pingSentAt = this.#clock.monotonic();
    if (this.#session.destroyed) this.lost();
    else this.#session.ping((error) => this.#acknowledged(error));
  }

  #acknowledged(error: Error | null): void {
    this.#pingSentAt = undefined;
    if (error) {
      this.lost();
      return;
    }
    const receipts = this.#asked;
    this.#asked = [];
    for (const receipt of receipts) receipt.settle("read");
    if (this.#unasked.length > 0) this.#ping();
    else this.#onIdle();
  }
}
