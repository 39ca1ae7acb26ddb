import type { Deps } from "../../component/component.ts";
import type { Batching, Consumer, Delivery, Load } from "../../component/delivery.ts";
import { Refusal } from "../../component/refusal.ts";
import { orAborted } from "../../lib/abort.ts";
import type { Cancel } from "../../lib/clock.ts";
import type { BatchCodec } from "../../model/otlp/batch-codecs.ts";
import { allPoints, type Point } from "../../model/points.ts";
import type { Resource, Series } from "../../model/series.ts";
import { type Batches, itemCount, type Signal } from "../../model/signal.ts";
import type { Attempts } from "./attempts.ts";
import { BATCH_PARTS, type BatchParts } from "./batch-parts.ts";
import type { SendConfig } from "./config.ts";
import { createLaneOf } from "./lanes.ts";
import { RowRemover } from "./row-remover.ts";
import { batchOf, SendQueue, type Taken, type Waiting } from "./send-queue.ts";
import type { StoredRequests } from "./stored-requests.ts";
import type { SendTelemetry } from "./telemetry.ts";

/** A stored queue keeps so many items in memory as well; the others are read again when their turn comes. */
const ITEMS_IN_MEMORY = 100_000;

export interface SignalChainOptions<S extends Signal> {
  readonly signal: S;
  readonly config: SendConfig;
  readonly deps: Pick<Deps, "clock" | "deliver" | "log">;
  readonly codec: BatchCodec<S>;
  readonly attempts: Attempts<S>;
  readonly telemetry: SendTelemetry;
  readonly stored: StoredRequests<S> | undefined;
  /** Whether each item is a request of its own. */
  readonly itemByItem: boolean;
}

/**
 * One exporter's way for one signal: a queue, consumers that take from it, and what they try. The rules are in
 * docs/specs/sending.md.
 */
export class SignalChain<S extends Signal> implements Consumer<S> {
  readonly #options: SignalChainOptions<S>;
  readonly #queue: SendQueue<S>;
  readonly #parts: BatchParts<S>;
  readonly #laneOf: (resource: Resource) => number = createLaneOf();
  readonly #remover: RowRemover | undefined;
  readonly #running: Cancel[] = [];
  /** Staged and not committed yet, in the unit of `sizer`. */
  #staged = 0;
  #itemsInMemory = 0;
  #busy = 0;
  #state: "new" | "open" | "draining" | "closed" = "new";
  #onRoom: (() => void)[] = [];
  #onIdle: (() => void)[] = [];

  constructor(options: SignalChainOptions<S>) {
    this.#options = options;
    const { config, deps, signal, stored } = options;
    this.#parts = BATCH_PARTS[signal] as BatchParts<S>;
    this.#queue = new SendQueue({ config: config.sending_queue, clock: deps.clock, onReady: () => this.#work() });
    if (stored !== undefined) {
      const remove = (delivery: Delivery, key: string) => stored.delete(delivery, key);
      this.#remover = new RowRemover(deps, remove);
    }
  }

  get size(): number {
    return this.#queue.size + this.#staged;
  }

  admit(_: Load): Refusal | undefined {
    const { sending_queue: queue } = this.#options.config;
    if (this.#state === "closed") return shuttingDown();
    if (!this.#isFull || queue.block_on_overflow || queue.on_overflow === "drop_oldest") return undefined;
    return new Refusal("retryable", "queue_full", "the sending queue is full");
  }

  /** What a full queue refuses was refused by `admit`; here something waits at the most, or came in too late. */
  consume(batch: Batches[S], delivery: Delivery): void | Promise<void> {
    if (this.#state === "closed") throw shuttingDown();
    if (!this.#options.config.sending_queue.block_on_overflow || !this.#isFull) return this.#stage(batch, delivery);
    return this.#room(delivery.signal).then(() => this.#stage(batch, delivery));
  }

  batching(batching: Batching | undefined): void {
    if (this.#state !== "closed") this.#queue.setBatching(batching);
  }

  async load(signal: AbortSignal): Promise<void> {
    const since = this.#options.deps.clock.monotonic();
    await this.#options.stored?.load((lane, waiting) => this.#queue.push(lane, waiting), since, signal);
  }

  /** From here on it sends. */
  start(): void {
    this.#state = "open";
    if (this.#queue.length > 0) this.#show();
    this.#work();
  }

  /**
   * Sends what is in memory, one attempt for each request, and leaves what is in the store there. At the deadline it
   * gives up what is left, and counts it.
   */
  async stop(deadline: AbortSignal): Promise<void> {
    if (this.#state === "closed") return;
    const { attempts, stored } = this.#options;
    const started = this.#state !== "new";
    this.#state = stored === undefined && started ? "draining" : "closed";
    attempts.stop();
    if (this.#state === "draining") this.#queue.drain();
    const end = () => {
      this.#state = "closed";
      attempts.end();
    };
    if (deadline.aborted) end();
    deadline.addEventListener("abort", end, { once: true });
    await this.#idle(); // Not beyond the deadline: whatever is under way then is given up.
    deadline.removeEventListener("abort", end);
    this.#state = "closed";
    for (const room of this.#onRoom.splice(0)) room(); // There is none, and it is refused.
    for (const cancel of this.#running.splice(0)) cancel();
    if (stored === undefined) this.#giveUpAll();
    await this.#remover?.stop(deadline);
  }

  #show(): void {
    if (this.#running.length > 0) return;
    const { telemetry, config } = this.#options;
    const capacity = config.sending_queue.queue_size;
    this.#running.push(telemetry.showQueue({ size: () => this.size, capacity, inFlight: () => this.#busy }));
  }

  get #isFull(): boolean {
    return this.size >= this.#options.config.sending_queue.queue_size;
  }

  #stage(batch: Batches[S], delivery: Delivery): void {
    this.#show();
    const { clock } = this.#options.deps;
    for (const [lane, part] of this.#parts.byLane(batch, this.#laneOf))
      this.#stagePart(lane, part, delivery, clock.monotonic());
  }

  #stagePart(lane: number, batch: Batches[S], delivery: Delivery, since: number): void {
    const { signal, stored } = this.#options;
    const items = itemCount(signal, batch);
    const row = stored === undefined ? {} : { key: stored.put(delivery, { lane, items, batch }) };
    const waiting: Waiting<S> = { ...row, items, bytes: this.#bytesOf(batch), batch, since };
    const size = this.#queue.sizeOf(waiting);
    this.#staged += size;
    delivery.transaction.onRolledBack(() => {
      this.#staged -= size;
      this.#roomMade();
    });
    delivery.onCommitted(() => {
      this.#staged -= size;
      this.#push(lane, waiting);
    });
  }

  #push(lane: number, waiting: Waiting<S>): void {
    const { sending_queue: queue } = this.#options.config;
    if (this.#state === "closed") {
      // Its commit ended after the exporter did: what is in the store stays there.
      if (waiting.key === undefined) this.#options.telemetry.dropped("shutdown", waiting.items);
      return;
    }
    if (waiting.key !== undefined) {
      if (this.#itemsInMemory >= ITEMS_IN_MEMORY) waiting.batch = undefined;
      else this.#itemsInMemory += waiting.items;
    }
    if (queue.compact) this.#pushCompact(lane, waiting);
    else this.#queue.push(lane, waiting);
    while (queue.on_overflow === "drop_oldest" && this.#queue.size > queue.queue_size && this.#dropOldest());
  }

  /** What a later value says as well is joined with what waits; deltas wait as they came. */
  #pushCompact(lane: number, waiting: Waiting<S>): void {
    const points = allPoints(waiting.batch as Batches["metrics"]);
    const newest: Point[] = [];
    const rest: Point[] = [];
    for (const point of points) (isReplaced(point.series) ? newest : rest).push(point);
    if (newest.length > 0) this.#queue.pushNewest(lane, newest, waiting.since);
    if (rest.length === 0) return;
    const batch = { rows: [], points: rest } as unknown as Batches[S];
    this.#queue.push(lane, { items: rest.length, bytes: 0, batch, since: waiting.since });
  }

  #dropOldest(): boolean {
    const { telemetry, deps } = this.#options;
    const dropped = this.#queue.dropOldest();
    if (dropped === undefined) return false;
    telemetry.dropped("queue_full", dropped.items);
    telemetry.enqueueFailed.value += dropped.items;
    deps.log
      .limited("queue_full")
      .warn("the sending queue is full: the oldest data is dropped", { items: dropped.items });
    this.#leave(dropped);
    return true;
  }

  #work(): void {
    if (this.#state !== "open" && this.#state !== "draining") return;
    const { num_consumers: consumersMax } = this.#options.config.sending_queue;
    while (this.#busy < consumersMax) {
      const taken = this.#queue.take();
      if (taken === undefined) return;
      this.#busy++;
      void this.#send(taken).finally(() => {
        this.#busy--;
        this.#roomMade();
        this.#work();
        if (this.#busy === 0) for (const idle of this.#onIdle.splice(0)) idle();
      });
    }
  }

  /** Never rejects. */
  async #send(taken: Taken<S>): Promise<void> {
    const { attempts, deps, telemetry } = this.#options;
    let items = 0;
    for (const waiting of taken.waiting) items += waiting.items;
    try {
      for (const batch of await this.#requests(taken)) {
        if ((await attempts.send(batch)) === "later") {
          this.#queue.release(taken.lane);
          return;
        }
      }
    } catch (error) {
      deps.log.error("what waits in the sending queue could not be read", { error, items });
      telemetry.dropped("unreadable", items);
    }
    this.#queue.done(taken);
    for (const waiting of taken.waiting) this.#leave(waiting);
  }

  /** What was taken as the requests that it makes. */
  async #requests({ waiting }: Taken<S>): Promise<readonly Batches[S][]> {
    const { stored, attempts, itemByItem } = this.#options;
    const missing = waiting.filter((each) => each.key !== undefined && each.batch === undefined);
    if (missing.length > 0) {
      await orAborted(stored!.read(missing, attempts.ending), attempts.ending);
      this.#countRead(missing);
    }
    const batches = waiting.map(batchOf).filter((batch) => batch !== undefined);
    if (batches.length === 0) return [];
    const { batch: batching } = this.#queue;
    const joined = this.#parts.join(batches);
    if (itemByItem) return this.#parts.each(joined);
    return batching?.sizer === "items" && batching.max_size > 0 ? this.#parts.cut(joined, batching.max_size) : [joined];
  }

  /** A row that the store could not read was set aside there: it is in no request. */
  #countRead(waiting: readonly Waiting<S>[]): void {
    let lost = 0;
    for (const { batch, items } of waiting) {
      if (batch === undefined) lost += items;
      else this.#itemsInMemory += items;
    }
    if (lost === 0) return;
    this.#options.telemetry.dropped("unreadable", lost);
    this.#options.deps.log.error("rows of the sending queue are not in the store any more", { items: lost });
  }

  /** It is not in the queue any more. */
  #leave({ key, batch, items }: Waiting<S>): void {
    if (key === undefined) return;
    if (batch !== undefined) this.#itemsInMemory -= items;
    this.#remover!.remove(key);
  }

  #giveUpAll(): void {
    const { telemetry, deps } = this.#options;
    let items = 0;
    for (let dropped = this.#queue.dropOldest(); dropped !== undefined; dropped = this.#queue.dropOldest())
      items += dropped.items;
    if (items === 0) return;
    telemetry.dropped("shutdown", items);
    deps.log.warn("the shutdown ended before the sending queue was empty: what waited in memory is lost", { items });
  }

  #bytesOf(batch: Batches[S]): number {
    const { sizer, batch: batching } = this.#options.config.sending_queue;
    return sizer === "bytes" || batching?.sizer === "bytes" ? this.#options.codec.encode(batch).length : 0;
  }

  async #room(signal: AbortSignal): Promise<void> {
    while (this.#isFull && this.#state !== "closed")
      await orAborted(new Promise<void>((room) => this.#onRoom.push(room)), signal);
    if (this.#state === "closed") throw shuttingDown();
  }

  #roomMade(): void {
    if (this.#onRoom.length === 0 || this.#isFull) return;
    for (const room of this.#onRoom.splice(0)) room();
  }

  async #idle(): Promise<void> {
    while (this.#busy > 0) await new Promise<void>((idle) => this.#onIdle.push(idle));
  }
}

const shuttingDown = () => new Refusal("retryable", "shutting_down", "the exporter is shutting down");

/** Whether a value says all that the ones before it said: cumulative data and gauges, not deltas. */
function isReplaced({ metric }: Series): boolean {
  return metric.type === "gauge" || metric.temporality === "cumulative";
}
