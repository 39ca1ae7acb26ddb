import type { Deps } from "../../component/component.ts";
import type { MetricDescription } from "../../component/meter.ts";
import { deadline } from "../../lib/abort.ts";
import type { Cancel } from "../../lib/clock.ts";
import type { Samples } from "./samples.ts";
import type { TimeSeries } from "./time-series.ts";

export const REPEATED: MetricDescription = {
  name: "gostcol_exporter_prometheus_remote_write_repeated",
  description: "Samples of idle series that were written once more, so that queries find them",
  unit: "{datapoint}",
};

/** How often it is looked what is idle, in each interval. */
const CHECKS = 4;
const SERIES_TOGETHER_MAX = 2000;

export interface IdleSeriesOptions {
  readonly samples: Samples;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Rejects where it was not written. */
  readonly write: (all: readonly TimeSeries[], signal: AbortSignal) => Promise<unknown>;
  readonly deps: Pick<Deps, "clock" | "meter" | "log">;
}

/**
 * Writes the totals of idle series once more, for Prometheus shows a series for five minutes after its last sample only.
 * That goes past the queue: nothing is lost where it fails, so while a backend is away nothing of it is to pile up.
 */
export class IdleSeries {
  readonly #options: IdleSeriesOptions;
  readonly #stopped = new AbortController();
  #cancel: Cancel = () => {};
  #running: Promise<void> | undefined;

  constructor(options: IdleSeriesOptions) {
    this.#options = options;
  }

  start(): void {
    const { intervalMs, deps } = this.#options;
    if (intervalMs === 0) return;
    this.#cancel = deps.clock.every(intervalMs / CHECKS, () => {
      this.#running ??= this.#repeat().finally(() => {
        this.#running = undefined;
      });
    });
  }

  async stop(): Promise<void> {
    this.#cancel();
    this.#stopped.abort(new Error("the exporter is stopped"));
    await this.#running;
  }

  async #repeat(): Promise<void> {
    const { samples, intervalMs, timeoutMs, write, deps } = this.#options;
    for (const { timeSeries, written } of samples.idle(intervalMs, SERIES_TOGETHER_MAX)) {
      // Whatever becomes of it: a newer sample, that may be written before this one arrives, gets a later time.
      written();
      const limit = deadline(deps.clock, timeoutMs, "to repeat idle series", this.#stopped.signal);
      try {
        await write(timeSeries, limit.signal);
      } catch (failure) {
        deps.log.debug("idle series were not written once more", { reason: String(failure) });
        return; // They have another interval before queries lose them.
      } finally {
        limit.cancel();
      }
      for (const each of timeSeries) deps.meter.counter(REPEATED).value += each.samples.length;
    }
  }
}
