import type { Clock } from "../lib/clock.ts";
import type { Memory } from "../lib/memory.ts";
import type { Random } from "../lib/random.ts";
import type { SeriesTable } from "../model/series-table.ts";
import type { Signal } from "../model/signal.ts";
import type { Batching, Consumer, Crowded, Deliver, Next } from "./delivery.ts";
import type { ComponentId } from "./id.ts";
import type { Log } from "./log.ts";
import type { Meter } from "./meter.ts";
import type { Listen } from "./server.ts";
import type { AgentHealth, ComponentStatus, Health } from "./status.ts";
import type { Store } from "./store.ts";
import type { Adjusted, Adjustment } from "./totals.ts";
import type { Transport } from "./transport.ts";

/**
 * A part of the agent. Its `create` did no I/O and started nothing.
 *
 * Order: `load` (where there is state), `start`, work, `stop`. Exporters start first and receivers last; stopping goes
 * the other way, so what a component hands on while it stops is still taken.
 */
export interface Component {
  /** Reads its state from the store: once, after the graph was swapped in and before `start`; never in `create`. */
  load?(signal: AbortSignal): Promise<void>;
  /** Hands on what it holds from before (stored totals), as deliveries of its own, before any receiver is open. */
  restore?(signal: AbortSignal): Promise<void>;
  /** Told once, after `start`: everything that is stored has been handed on, so from here on what it shows is whole. */
  restored?(): void;
  /** Opens what it needs and returns; long work goes on behind it. Rejecting aborts the start of the agent. */
  start?(signal: AbortSignal): Promise<void>;
  /**
   * Ends all work, and hands on or gives back what it holds, before it resolves; nothing of it runs afterwards.
   * Safe without `start`, and twice. When `deadline` aborts it stops waiting at once.
   */
  stop?(deadline: AbortSignal): Promise<void>;
  health?(signal: AbortSignal): Promise<Health>;
  /**
   * Corrects one of the totals that it keeps, in a delivery of its own. Rejects with an `AdjustmentError` where that
   * cannot be, and with whatever else where it may be tried again.
   */
  adjust?(adjustment: Adjustment, signal: AbortSignal): Promise<Adjusted>;
}

/** What a component may use. Nothing else: no globals, no clock or network of its own. */
export interface Deps {
  readonly id: ComponentId;
  readonly clock: Clock;
  /** The name of the machine: what a sender is called that has no other name. */
  readonly hostName: string;
  readonly random: Random;
  readonly log: Log;
  /** This process's; absent: there is always enough. */
  readonly memory?: Memory;
  readonly meter: Meter;
  readonly store: Store;
  readonly series: SeriesTable;
  readonly deliver: Deliver;
  readonly crowded: Crowded;
  readonly listen: Listen;
  readonly transport: Transport;
  /**
   * Where `debug` and its like print: the process's standard output, or a buffer in a test. False where it was not
   * written, for nobody reads what was printed before: it is the component's to count.
   */
  readonly print: (text: string) => boolean;
  readonly report: (status: ComponentStatus) => void;
  /** How all components are, asked now. Never rejects. */
  readonly agentHealth: () => Promise<AgentHealth>;
  /** What the extension of this id provides under this name; throws when there is no such thing. */
  readonly extension: <T>(id: string, capability: Capability<T>) => T;
}

/** Names something that an extension provides, with its type. */
export interface Capability<T> {
  readonly name: string;
  /** Carries the type only; never set. */
  readonly provided?: T;
}

export type Receiver = Component;
/** `batching`: for the queues behind it; the graph tells them. */
export type Processor = Component & Next & { readonly batching?: Batching };
export type Exporter = Component & Next;
export type Extension = Component & { readonly provides?: ReadonlyMap<string, unknown> };
export type Connector = Component & Next;

/** What a connector sends to: all its receiving pipelines of a signal at once, or one of them by its id. */
export interface ConnectorNext extends Next {
  pipeline<S extends Signal>(signal: S, pipelineId: string): Consumer<S> | undefined;
}
