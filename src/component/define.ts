import type * as z from "zod";
import type { Signal } from "../model/signal.ts";
import type { Connector, ConnectorNext, Deps, Exporter, Extension, Processor, Receiver } from "./component.ts";
import type { Next } from "./delivery.ts";
import type { MetricDescription } from "./meter.ts";
import type { StoredTotals } from "./totals.ts";

/** The Collector's stability levels. */
export type Stability = "development" | "alpha" | "beta" | "stable" | "deprecated";

/** What every kind of component says of itself. The schema is the one source of parsing, defaults, checks and tables. */
interface Definition<Schema extends z.ZodType> {
  /** `lower_snake_case`; also the name of the component's folder. */
  readonly type: string;
  /** Other names that configurations may use, with a warning that names `type`. */
  readonly aliases?: readonly string[];
  /** One sentence for `gostcol components` and the documentation. */
  readonly summary: string;
  /** A strict object. Must accept `{}` unless something has no sensible default. */
  readonly config: Schema;
  /**
   * Checks between fields: a pass of its own, since a schema's refinements do not run when something else is wrong.
   * `path` leads into this component's section.
   */
  check?(config: z.output<Schema>): readonly ConfigProblem[];
  /** The component's own metrics, for the documentation. */
  readonly telemetry?: readonly MetricDescription[];
  /** Ports and paths that it will own and endpoints that it will send to, so that clashes show before start. */
  resources?(config: z.output<Schema>): readonly OwnedResource[];
}

export interface ConfigProblem {
  readonly severity: "error" | "warning";
  readonly path: readonly (string | number)[];
  /** One of the codes in docs/errors.md. */
  readonly code: string;
  readonly message: string;
  readonly expected?: string;
}

export type OwnedResource =
  /** Listens on a port; `protected` when TLS or authentication keeps strangers out. */
  | {
      readonly type: "listen";
      readonly host: string;
      readonly port: number;
      readonly protected: boolean;
      readonly path: readonly (string | number)[];
    }
  /** Owns a file or folder. */
  | { readonly type: "file"; readonly file: string; readonly path: readonly (string | number)[] }
  /** Sends to an address. */
  | {
      readonly type: "send";
      readonly host: string;
      readonly port: number;
      readonly path: readonly (string | number)[];
    };

type Signals = { readonly [S in Signal]?: Stability };

export interface ReceiverDefinition<Schema extends z.ZodType = z.ZodType> extends Definition<Schema> {
  readonly kind: "receiver";
  readonly signals: Signals;
  /** What to write where so that data arrives (lines of somebody else's configuration); shown at start-up. */
  hint?(config: z.output<Schema>): string;
  create(config: z.output<Schema>, deps: Deps, next: Next): Receiver;
}

export interface OrderRule {
  /** The type of a processor, or `*` for every other. */
  readonly before: string;
  /** The type of a receiver: only in pipelines that begin with one does it matter. */
  readonly receiver?: string;
  /** What goes wrong otherwise: a clause that ends the warning's sentence. */
  readonly because: string;
}

export interface ProcessorDefinition<Schema extends z.ZodType = z.ZodType> extends Definition<Schema> {
  readonly kind: "processor";
  readonly signals: Signals;
  /** Where it holds items between a batch's arrival and its departure; `memory` is named at start-up. */
  readonly holds: "nothing" | "memory" | "store";
  /** Processors that it has to stand before in a pipeline; the configuration warns where it does not. */
  readonly order?: readonly OrderRule[];
  /** Where it keeps totals: how those in a store are read and corrected without it. */
  readonly totals?: StoredTotals;
  /** Hands batches on as they came, or not at all; so those behind it are asked to `examine` the same batches. */
  readonly passesUnchanged?: boolean;
  create(config: z.output<Schema>, deps: Deps, next: Next): Processor;
}

export interface ExporterDefinition<Schema extends z.ZodType = z.ZodType> extends Definition<Schema> {
  readonly kind: "exporter";
  readonly signals: Signals;
  /** Sends later, from a queue of its own, and counts then what was sent: the graph does not. */
  readonly queued?: boolean;
  /** Other exporters that it hands data to (dead letters), of the signals that it takes. They start before it. */
  feeds?(config: z.output<Schema>): readonly Feed[];
  /** `next` leads to what `feeds` names, and nowhere else. */
  create(config: z.output<Schema>, deps: Deps, next: Next): Exporter;
}

export interface Feed {
  /** The id of the exporter. */
  readonly exporter: string;
  /** Where the configuration names it, within this component's section. */
  readonly path: readonly (string | number)[];
}

export interface ConnectorDefinition<Schema extends z.ZodType = z.ZodType> extends Definition<Schema> {
  readonly kind: "connector";
  /** From the signal of the pipeline that it ends to that of the pipeline that it begins. */
  readonly routes: readonly { readonly from: Signal; readonly to: Signal; readonly stability: Stability }[];
  create(config: z.output<Schema>, deps: Deps, next: ConnectorNext): Connector;
}

export interface ExtensionDefinition<Schema extends z.ZodType = z.ZodType> extends Definition<Schema> {
  readonly kind: "extension";
  readonly stability: Stability;
  /** Where it provides a store: the folder that this is in, for those who read it without an agent. */
  storeFolder?(config: z.output<Schema>): string;
  create(config: z.output<Schema>, deps: Deps): Extension;
}

export type AnyDefinition =
  | ReceiverDefinition
  | ProcessorDefinition
  | ExporterDefinition
  | ConnectorDefinition
  | ExtensionDefinition;

type Described<T> = Omit<T, "kind">;

export const defineReceiver = <Schema extends z.ZodType>(
  definition: Described<ReceiverDefinition<Schema>>,
): ReceiverDefinition<Schema> => ({ kind: "receiver", ...definition });

export const defineProcessor = <Schema extends z.ZodType>(
  definition: Described<ProcessorDefinition<Schema>>,
): ProcessorDefinition<Schema> => ({ kind: "processor", ...definition });

export const defineExporter = <Schema extends z.ZodType>(
  definition: Described<ExporterDefinition<Schema>>,
): ExporterDefinition<Schema> => ({ kind: "exporter", ...definition });

export const defineConnector = <Schema extends z.ZodType>(
  definition: Described<ConnectorDefinition<Schema>>,
): ConnectorDefinition<Schema> => ({ kind: "connector", ...definition });

export const defineExtension = <Schema extends z.ZodType>(
  definition: Described<ExtensionDefinition<Schema>>,
): ExtensionDefinition<Schema> => ({ kind: "extension", ...definition });
