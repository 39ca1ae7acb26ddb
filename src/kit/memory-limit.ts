import type { Load } from "../component/delivery.ts";
import type { Log } from "../component/log.ts";
import type { Counter, Meter, MetricDescription } from "../component/meter.ts";
import type { Clock } from "../lib/clock.ts";
import type { Memory, MemoryNumbers } from "../lib/memory.ts";

export const MEMORY_SHORT: MetricDescription = {
  name: "gostcol_memory_short",
  description: "1 while reports are refused because memory is short",
  unit: "",
};
export const MEMORY_COLLECTIONS: MetricDescription = {
  name: "gostcol_memory_collections",
  description: "How often garbage was collected because memory was short",
  unit: "{collection}",
};

/** The limit, and how far below it nothing more is let in; the names and the meaning are the Collector's. */
export interface MemoryLimits {
  /** Of JavaScript's heap, and of the machine's or container's memory. */
  readonly limitShare: number;
  readonly spikeShare: number;
  /** In the place of the share of the machine's memory. */
  readonly limitBytes?: number | undefined;
  readonly spikeBytes?: number | undefined;
}

export const MEMORY_LIMITS: MemoryLimits = { limitShare: 0.9, spikeShare: 0.15 };

export interface MemoryLimitOptions {
  readonly memory: Memory;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly limits?: MemoryLimits | undefined;
  /** Memory is looked at this often at the least while anything comes. */
  readonly lookPeriodMs?: number;
}

const LOOK_PERIOD_MS = 1_000;
/** It is also looked at whenever so much may have been added. */
const LOOK_BYTES = 4 * 1024 ** 2;
/** Memory that was short is enough again only when so much of its limit is free besides. */
const HYSTERESIS = 0.05;
/** What a series takes, with those that are made from it and all that is remembered for them: measured with 700,000. */
const SERIES_BYTES = 1_700;
/** How much larger than its text a report becomes while it is worked on. */
const EXPANSION = 4;

/**
 * Says whether memory has room, so that reports are refused before the process dies of them.
 *
 * It is short from `limit - spike` on; then garbage is collected, which by itself might wait for allocations that do not
 * come while everything is refused. What cannot be sent again is let in up to the limit.
 */
export class MemoryLimit {
  limits: MemoryLimits;
  readonly #memory: Memory;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #collections: Counter;
  readonly #lookPeriodMs: number;
  readonly #hide: () => void;
  #numbers: MemoryNumbers = { heap: 0, heapMax: 1, all: 0, allMax: 1 };
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** What may have been added since the last look. */
  #added = 0;
  #short = false;

  constructor({
    memory,
    clock,
    log,
    meter,
    limits = MEMORY_LIMITS,
    lookPeriodMs = LOOK_PERIOD_MS,
  }: MemoryLimitOptions) {
    this.limits = limits;
    this.#memory = memory;
    this.#clock = clock;
    this.#log = log;
    this.#collections = meter.counter(MEMORY_COLLECTIONS);
    this.#lookPeriodMs = lookPeriodMs;
    this.#hide = meter.gauge(MEMORY_SHORT, () => [{ value: this.isShort() ? 1 : 0 }]);
  }

  /** Whether nothing more should be taken in. */
  isShort(): boolean {
    const now = this.#clock.monotonic();
    if (this.#added >= LOOK_BYTES || now - this.#lookedAt >= this.#lookPeriodMs) this.#look(now, 0);
    return this.#short;
  }

  /** Whether there is room for this, which is then counted as taken. */
  hasRoom({ bytes, series = 0 }: Load, irreplaceable: boolean): boolean {
    if (this.isShort() && !irreplaceable) return false;
    const growth = bytes * EXPANSION + series * SERIES_BYTES;
    if (this.#isOver(growth + this.#added, this.#limit())) {
      this.#look(this.#clock.monotonic(), growth);
      if (this.#isOver(growth, this.#limit())) return false;
    }
    this.#added += growth;
    return true;
  }

  /** Its metric goes; asked again, it answers all the same. */
  dispose(): void {
    this.#hide();
  }

  #look(now: number, growth: number): void {
    this.#lookedAt = now;
    this.#added = 0;
    this.#numbers = this.#memory.read();
    const isTight = () => this.#isOver(0, this.#begin()) || this.#isOver(growth, this.#limit());
    if (isTight() && this.#memory.collect()) {
      this.#collections.value++;
      this.#numbers = this.#memory.read();
    }
    const { heap, heapMax, all } = this.#numbers;
    const short = this.#isOver(0, this.#begin());
    if (short === this.#short) return;
    this.#short = short;
    const fields = { heap_bytes: heap, heap_bytes_max: heapMax, heap_and_buffers_bytes: all };
    if (short) this.#log.warn("memory is short: reports are refused until there is room again", fields);
    else this.#log.info("there is memory again: reports are taken", fields);
  }

  #isOver(growth: number, { heap, all }: Bounds): boolean {
    return this.#numbers.heap + growth > heap || this.#numbers.all + growth > all;
  }

  #limit(): Bounds {
    const { limitShare, limitBytes } = this.limits;
    const { heapMax, allMax } = this.#numbers;
    return { heap: limitShare * heapMax, all: limitBytes ?? limitShare * allMax };
  }

  /** From where on memory is short; lower once it is. */
  #begin(): Bounds {
    const { spikeShare, spikeBytes, limitBytes } = this.limits;
    const { heapMax, allMax } = this.#numbers;
    const { heap, all } = this.#limit();
    const spike = spikeBytes ?? spikeShare * (limitBytes ?? allMax);
    const factor = this.#short ? 1 - HYSTERESIS : 1;
    return { heap: factor * (heap - spikeShare * heapMax), all: factor * (all - spike) };
  }
}

interface Bounds {
  readonly heap: number;
  readonly all: number;
}
