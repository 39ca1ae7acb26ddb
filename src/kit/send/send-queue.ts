import type { Batching } from "../../component/delivery.ts";
import type { Cancel, Clock } from "../../lib/clock.ts";
import { Fifo } from "../../lib/fifo.ts";
import type { Point } from "../../model/points.ts";
import type { Series } from "../../model/series.ts";
import type { Batches, Signal } from "../../model/signal.ts";
import type { SendConfig } from "./config.ts";
import { LANES } from "./lanes.ts";

/** What waits, or is being sent: the part of one delivery that belongs to one lane. */
export interface Waiting<S extends Signal> {
  /** Its row in the store; absent where the queue is kept in memory. */
  readonly key?: string;
  items: number;
  bytes: number;
  /** Absent while it is in the store only. */
  batch: Batches[S] | undefined;
  /** By the monotonic clock. */
  readonly since: number;
  /** In a compact queue: the newest point of each series, in place of a batch, as long as it may still change. */
  newest?: Map<Series, Point>;
}

interface Lane<S extends Signal> {
  readonly number: number;
  readonly waiting: Fifo<Waiting<S>>;
  /** How many of the oldest are being sent. */
  taken: number;
  items: number;
  bytes: number;
  /** A consumer has it, or it stands in line for one. */
  claimed: boolean;
  flush: Cancel | undefined;
}

export interface SendQueueOptions {
  readonly config: SendConfig["sending_queue"];
  readonly clock: Clock;
  /** Somebody may take a lane now. */
  readonly onReady: () => void;
}

/** What `take` gives: the oldest of a lane, as much of it as goes into one request. */
export interface Taken<S extends Signal> {
  readonly lane: number;
  readonly waiting: readonly Waiting<S>[];
}

/**
 * What waits to be sent, in lanes. A lane's order is kept: it is with one consumer at a time, and what was taken of it is
 * put away with `done` before more is taken. Counts, as the Collector does, what waits and what is being sent.
 */
export class SendQueue<S extends Signal> {
  readonly #options: SendQueueOptions;
  readonly #lanes: readonly Lane<S>[];
  /** Lanes that can be taken, in the order in which they became so. */
  readonly #ready = new Fifo<Lane<S>>();
  #size = 0;
  #length = 0;
  #draining = false;
  /** Its own, or what it was told. */
  #batch: SendConfig["sending_queue"]["batch"];

  constructor(options: SendQueueOptions) {
    this.#options = options;
    this.#batch = options.config.batch;
    this.#lanes = Array.from({ length: LANES }, (_, number) => ({
      number,
      waiting: new Fifo<Waiting<S>>(),
      taken: 0,
      items: 0,
      bytes: 0,
      claimed: false,
      flush: undefined,
    }));
  }

  get batch(): SendConfig["sending_queue"]["batch"] {
    return this.#batch;
  }

  /** For what waits as well. Where its own configuration has a say, that stays. */
  setBatching(batching: Batching | undefined): void {
    if (this.#options.config.batch !== undefined) return;
    this.#batch = batching && {
      min_size: batching.itemsMin,
      max_size: batching.itemsMax,
      flush_timeout: batching.flushTimeoutMs,
      sizer: "items",
    };
    for (const lane of this.#lanes) {
      lane.flush?.();
      lane.flush = undefined;
      this.#check(lane);
    }
  }

  /** In the unit of `sizer`. */
  get size(): number {
    return this.#size;
  }

  /** How many entries it holds. */
  get length(): number {
    return this.#length;
  }

  /** What is joined with what comes behind it counts nothing: it is bounded by the number of series. */
  sizeOf({ items, bytes, newest }: Pick<Waiting<S>, "items" | "bytes" | "newest">): number {
    if (newest !== undefined) return 0;
    return { requests: 1, items, bytes }[this.#options.config.sizer];
  }

  push(lane: number, waiting: Waiting<S>): void {
    const its = this.#lanes[lane]!;
    this.#add(its, waiting);
    this.#check(its);
  }

  /** The newest point of each series; joined to the last of the lane that still waits, where that is of the same kind. */
  pushNewest(lane: number, points: readonly Point[], since: number): void {
    const its = this.#lanes[lane]!;
    let last = its.waiting.length > its.taken ? its.waiting.last() : undefined;
    if (last?.newest === undefined) {
      last = { items: 0, bytes: 0, batch: undefined, since, newest: new Map() };
      this.#add(its, last);
    }
    this.#count(its, last, -1);
    for (const point of points) last.newest!.set(point.series, point);
    last.items = last.newest!.size;
    this.#count(its, last, 1);
    this.#check(its);
  }

  /** Whether a consumer would get something. */
  get ready(): boolean {
    return this.#ready.length > 0;
  }

  /** The next lane's oldest entries: one, or as many as its batching joins. */
  take(): Taken<S> | undefined {
    const lane = this.#ready.shift();
    if (lane === undefined) return undefined;
    const batch = this.#batch;
    const taken: Waiting<S>[] = [];
    let size = 0;
    while (taken.length < lane.waiting.length) {
      const next = lane.waiting.at(taken.length)!;
      const its = batch?.sizer === "bytes" ? next.bytes : next.items;
      if (taken.length > 0) {
        if (batch === undefined || (batch.max_size > 0 && size + its > batch.max_size)) break;
        // Without a limit a request is as large as it has to be to be worth it.
        if (batch.max_size === 0 && size >= Math.max(batch.min_size, 1)) break;
      }
      taken.push(next);
      size += its;
    }
    lane.taken = taken.length;
    return { lane: lane.number, waiting: taken };
  }

  /** What was taken of this lane is off: sent, or given up. */
  done({ lane: number }: Taken<S>): void {
    const lane = this.#lanes[number]!;
    for (; lane.taken > 0; lane.taken--) this.#forget(lane, lane.waiting.shift()!);
    this.release(number);
  }

  /** The lane can be taken again, with all that it has. */
  release(number: number): void {
    const lane = this.#lanes[number]!;
    lane.taken = 0;
    lane.claimed = false;
    this.#check(lane);
  }

  /** Drops the oldest entry that is not being sent. */
  dropOldest(): Waiting<S> | undefined {
    let from: Lane<S> | undefined;
    for (const lane of this.#lanes) {
      const first = lane.waiting.at(lane.taken);
      if (first !== undefined && (from === undefined || first.since < from.waiting.at(from.taken)!.since)) from = lane;
    }
    if (from === undefined) return undefined;
    const dropped = from.waiting.removeAt(from.taken)!;
    this.#forget(from, dropped);
    return dropped;
  }

  /** From here on nothing waits for more to come. */
  drain(): void {
    this.#draining = true;
    for (const lane of this.#lanes) {
      lane.flush?.();
      this.#check(lane);
    }
  }

  #add(lane: Lane<S>, waiting: Waiting<S>): void {
    lane.waiting.push(waiting);
    this.#length++;
    this.#count(lane, waiting, 1);
  }

  #forget(lane: Lane<S>, waiting: Waiting<S>): void {
    this.#length--;
    this.#count(lane, waiting, -1);
  }

  #count(lane: Lane<S>, waiting: Waiting<S>, sign: 1 | -1): void {
    this.#size += sign * this.sizeOf(waiting);
    lane.items += sign * waiting.items;
    lane.bytes += sign * waiting.bytes;
  }

  /** Puts the lane in line for a consumer once it holds enough, or what it holds has waited long enough. */
  #check(lane: Lane<S>): void {
    if (lane.claimed || lane.waiting.length === 0) return;
    const { clock, onReady } = this.#options;
    const batch = this.#batch;
    if (batch !== undefined && !this.#draining) {
      const waitMs = lane.waiting.at(0)!.since + batch.flush_timeout - clock.monotonic();
      const size = batch.sizer === "bytes" ? lane.bytes : lane.items;
      if (waitMs > 0 && size < batch.min_size) {
        lane.flush ??= clock.after(waitMs, () => {
          lane.flush = undefined;
          this.#check(lane);
        });
        return;
      }
    }
    lane.flush?.();
    lane.flush = undefined;
    lane.claimed = true;
    this.#ready.push(lane);
    onReady();
  }
}

/** The batch of an entry that is in memory. */
export function batchOf<S extends Signal>(waiting: Waiting<S>): Batches[S] | undefined {
  if (waiting.newest === undefined) return waiting.batch;
  return { rows: [], points: [...waiting.newest.values()] } as unknown as Batches[S];
}
