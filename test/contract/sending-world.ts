import { setTimeout } from "node:timers/promises";
import { expect } from "vitest";
import type { ExporterDefinition } from "../../src/component/define.ts";
import type { Outcome } from "../../src/component/delivery.ts";
import type { StoreBackend } from "../../src/component/store.ts";
import { NEVER } from "../../src/lib/abort.ts";
import { itemCount, type Signal } from "../../src/model/signal.ts";
import { writtenStore } from "../support/written-store.ts";
import type { Backend } from "./backend.ts";
import { sendable } from "./batches.ts";
import { type ComponentRig, componentRig } from "./rig.ts";

/** Where the queue is kept. */
export type Place = "memory" | "store";

export interface SendingWorldOptions {
  readonly definition: ExporterDefinition;
  readonly signal: Signal;
  /** As a user would write it, with the fields of every exporter that sends. */
  readonly config: object;
  readonly place: Place;
  readonly backend: Backend;
}

/** One exporter that sends, and everything that was asked of it, through its restarts. */
export interface SendingWorld {
  readonly rig: ComponentRig;
  /** Delivers something new. */
  deliver(abort?: AbortSignal): Outcome | Promise<Outcome>;
  /** Items of the deliveries that were taken. */
  readonly accepted: number;
  /** By the exporter's own metrics, of all its lives; `queued` while it runs. */
  books(): Books;
  attempts(outcome?: string): number;
  dropped(reason?: string): number;
  /** Lets time go by, in the world and in this process, until this is so. Fails when it never is. */
  until(condition: () => boolean, what: string): Promise<void>;
  /** Starts another one over the same store; the one before has stopped. */
  restart(): Promise<void>;
  stop(deadline?: AbortSignal): Promise<void>;
}

export interface Books {
  readonly sent: number;
  readonly failed: number;
  readonly queued: number;
}

const NAMES = { metrics: "metric_points", traces: "spans", logs: "log_records" } as const;
/** For each millisecond of ours: compression and files take their time by the machine's clock. */
const STEP_MS = 100;
const STEPS_MAX = 3000;

export async function sendingWorld(options: SendingWorldOptions): Promise<SendingWorld> {
  const { definition, signal, config, place, backend } = options;
  const store: StoreBackend | undefined = place === "store" ? writtenStore() : undefined;
  const parsed = definition.config.parse(config);
  const earlier = { sent: 0, failed: 0 };
  let rig = await started();
  let delivered = 0;
  let accepted = 0;

  async function started(): Promise<ComponentRig> {
    const { transport } = backend;
    const next = componentRig(definition, parsed, { transport, ...(store !== undefined && { backend: store }) });
    await next.instance.load?.(NEVER);
    await next.instance.start?.(NEVER);
    return next;
  }

  const own = () => ({
    sent: rig.total(`otelcol_exporter_sent_${NAMES[signal]}`),
    failed: rig.total(`otelcol_exporter_send_failed_${NAMES[signal]}`),
  });

  return {
    get rig() {
      return rig;
    },
    get accepted() {
      return accepted;
    },
    async deliver(abort) {
      const batch = sendable(signal, rig.series, ++delivered);
      const outcome = await rig.consume(signal, batch, undefined, abort);
      if (outcome.taken) accepted += itemCount(signal, batch);
      return outcome;
    },
    books() {
      const { sent, failed } = own();
      const queued = rig.total("otelcol_exporter_queue_size", { data_type: signal });
      return { sent: earlier.sent + sent, failed: earlier.failed + failed, queued };
    },
    attempts: (outcome) => rig.total("gostcol_exporter_attempts", outcome === undefined ? {} : { outcome }),
    dropped: (reason) => rig.total("gostcol_exporter_dropped_items", reason === undefined ? {} : { reason }),
    async until(condition, what) {
      for (let step = 0; step < STEPS_MAX && !condition(); step++) {
        await rig.clock.advanceAsync(STEP_MS);
        await setTimeout(1);
      }
      expect(condition(), what).toBe(true);
    },
    async restart() {
      const { sent, failed } = own();
      earlier.sent += sent;
      earlier.failed += failed;
      rig = await started();
    },
    stop: async (deadline = NEVER) => rig.instance.stop?.(deadline),
  };
}
