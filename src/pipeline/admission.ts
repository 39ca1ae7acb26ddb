import type { Load } from "../component/delivery.ts";
import type { Meter } from "../component/meter.ts";
import { Refusal } from "../component/refusal.ts";
import type { MemoryLimit } from "../kit/memory-limit.ts";
import { DELIVERIES_IN_FLIGHT, DELIVERY_BYTES_IN_FLIGHT } from "./metrics.ts";

export interface AdmissionLimits {
  /** Deliveries between their admission and their outcome. */
  readonly deliveriesMax: number;
  /** What these can hold at the most, by what their origins said. */
  readonly bytesMax: number;
  /** What they have staged and the store has not been given yet. It is as much as one commit may come to hold. */
  readonly stagedMax: number;
  /** The share of these that is kept free for what cannot be sent again. */
  readonly reserve: number;
}

export const ADMISSION_LIMITS: AdmissionLimits = {
  deliveriesMax: 4096,
  bytesMax: 256 * 1024 ** 2,
  stagedMax: 500_000,
  reserve: 0.1,
};

/** Bounds what is under way at a time, over all origins. */
export class Admission {
  limits: AdmissionLimits;
  readonly #memory: MemoryLimit | undefined;
  #deliveries = 0;
  #bytes = 0;

  constructor(meter: Meter, limits: AdmissionLimits, memory: MemoryLimit | undefined) {
    this.limits = limits;
    this.#memory = memory;
    meter.gauge(DELIVERIES_IN_FLIGHT, () => [{ value: this.#deliveries }]);
    meter.gauge(DELIVERY_BYTES_IN_FLIGHT, () => [{ value: this.#bytes }]);
  }

  /** How many are under way. */
  get deliveries(): number {
    return this.#deliveries;
  }

  /**
   * Why this cannot be let in now. `staged` entries wait for the store, which wants no more than `stagedMax`. What is larger than all the room there is gets
   * it to itself, for it would never be taken otherwise; but not where the process would die of it.
   */
  refusal(upperBound: Load, irreplaceable: boolean, waiting: Waiting): Refusal | undefined {
    if (this.#deliveries > 0) {
      const { deliveriesMax, bytesMax, stagedMax, reserve } = this.limits;
      const share = irreplaceable ? 1 : 1 - reserve;
      if (this.#deliveries >= deliveriesMax * share) {
        return refusal("too_many_deliveries", "too many reports are under way at once");
      }
      if (this.#bytes + upperBound.bytes > bytesMax * share) {
        return refusal("too_many_bytes", "too many bytes are under way at once");
      }
      if (waiting.staged >= Math.min(stagedMax, waiting.stagedMax) * share)
        return refusal("too_much_staged", "too much waits for the store");
    }
    return this.#memory?.hasRoom(upperBound, irreplaceable) === false
      ? refusal("out_of_memory", "memory is short")
      : undefined;
  }

  begin({ bytes }: Pick<Load, "bytes">): void {
    this.#deliveries++;
    this.#bytes += bytes;
  }

  end({ bytes }: Pick<Load, "bytes">): void {
    this.#deliveries--;
    this.#bytes -= bytes;
  }
}

interface Waiting {
  readonly staged: number;
  readonly stagedMax: number;
}

const refusal = (reason: string, message: string) => new Refusal("retryable", reason, message);
