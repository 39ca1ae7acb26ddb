import type { Delivery } from "../../component/delivery.ts";
import type { Codec, StateScope, Store } from "../../component/store.ts";
import { viewOf } from "../../lib/view-of.ts";
import type { BatchCodec } from "../../model/otlp/batch-codecs.ts";
import type { Batches, Signal } from "../../model/signal.ts";
import type { Waiting } from "./send-queue.ts";

/** One row of a stored queue. It has the batch, or the bytes of it. */
interface StoredRequest<S extends Signal> {
  readonly lane: number;
  readonly items: number;
  readonly batch?: Batches[S];
  readonly bytes?: Uint8Array;
}

/** Format: version 1, lane, then the number of items (4 bytes, little endian), then the batch in OTLP's protobuf. */
const VERSION = 1;
const HEADER_BYTES = 6;
/** Keys sort as text in the order of their numbers: 36^10 of them. */
const KEY_LENGTH = 10;
const PAGE_ROWS = 200;

/**
 * A queue's rows in the store. A row is put by the delivery that brought it, so it is there exactly when its delivery was
 * taken; it is deleted when the backend has it. What was sent when the process was killed is sent again.
 */
export class StoredRequests<S extends Signal> {
  readonly #scope: StateScope<StoredRequest<S>>;
  readonly #store: Store;
  readonly #codec: BatchCodec<S>;
  #lastNumber = 0;

  constructor(store: Store, name: string, codec: BatchCodec<S>) {
    this.#store = store;
    this.#codec = codec;
    this.#scope = store.scope(rowCodec(codec), name);
  }

  /** Stages a row and names it. Names are in the order of the calls. */
  put(
    delivery: Delivery,
    request: { readonly lane: number; readonly items: number; readonly batch: Batches[S] },
  ): string {
    const key = keyOf(++this.#lastNumber);
    delivery.transaction.put(this.#scope, key, request);
    return key;
  }

  delete(delivery: Delivery, key: string): void {
    delivery.transaction.delete(this.#scope, key);
  }

  /** Every row that was committed, oldest first, without its batch. */
  async load(found: (lane: number, waiting: Waiting<S>) => void, since: number, signal: AbortSignal): Promise<void> {
    for (let after: string | undefined, more = true; more; ) {
      const page = await this.#store.page(this.#scope, { after, rowsMax: PAGE_ROWS }, signal);
      for (const [key, row] of page.rows) {
        found(row.lane, { key, items: row.items, bytes: row.bytes?.length ?? 0, batch: undefined, since });
        this.#lastNumber = Math.max(this.#lastNumber, Number.parseInt(key, 36));
      }
      after = page.last;
      more = after !== undefined;
    }
  }

  /** Reads the batches of these rows again: those from the first one's key on that are near it. */
  async read(wanted: readonly Waiting<S>[], signal: AbortSignal): Promise<void> {
    const missing = new Map<string, Waiting<S>>();
    for (const waiting of wanted) if (waiting.batch === undefined && waiting.key) missing.set(waiting.key, waiting);
    while (missing.size > 0) {
      const first = missing.keys().next().value!;
      const after = keyOf(Number.parseInt(first, 36) - 1);
      const page = await this.#store.page(this.#scope, { after, rowsMax: PAGE_ROWS }, signal);
      for (const [key, row] of page.rows) {
        const waiting = missing.get(key);
        if (waiting === undefined) continue;
        waiting.batch = row.batch ?? this.#codec.decode(row.bytes!);
        missing.delete(key);
      }
      // A row that is not there any more, or that could not be read and was set aside, is as good as empty.
      missing.delete(first);
    }
  }
}

function keyOf(number: number): string {
  return number.toString(36).padStart(KEY_LENGTH, "0");
}

function rowCodec<S extends Signal>(codec: BatchCodec<S>): Codec<StoredRequest<S>> {
  return {
    encode({ lane, items, batch, bytes = codec.encode(batch!) }) {
      const row = new Uint8Array(HEADER_BYTES + bytes.length);
      const view = new DataView(row.buffer);
      view.setUint8(0, VERSION);
      view.setUint8(1, lane);
      view.setUint32(2, items, true);
      row.set(bytes, HEADER_BYTES);
      return row;
    },
    decode(row) {
      const view = viewOf(row);
      if (row.length < HEADER_BYTES || view.getUint8(0) !== VERSION) throw new Error("not a stored request");
      return { lane: view.getUint8(1), items: view.getUint32(2, true), bytes: row.slice(HEADER_BYTES) };
    },
  };
}
