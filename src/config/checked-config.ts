import type { AnyDefinition } from "../component/define.ts";
import type { ComponentId } from "../component/id.ts";
import type { Signal } from "../model/signal.ts";
import type { LimitsConfig } from "./limits.ts";
import type { Problem } from "./problem.ts";
import type { TelemetryConfig } from "./telemetry.ts";

/**
 * A configuration without errors: what an agent is built from. Every reference in it leads somewhere, every section was
 * parsed by its component's schema, and the graph that it describes has no cycle.
 */
export interface CheckedConfig {
  /** By id text. */
  readonly receivers: ReadonlyMap<string, ConfiguredComponent>;
  readonly processors: ReadonlyMap<string, ConfiguredComponent>;
  readonly exporters: ReadonlyMap<string, ConfiguredComponent>;
  readonly connectors: ReadonlyMap<string, ConfiguredComponent>;
  readonly extensions: ReadonlyMap<string, ConfiguredComponent>;
  readonly service: ServiceConfig;
  /** What is allowed and yet probably not meant. */
  readonly warnings: readonly Problem[];
}

export interface ServiceConfig {
  /** Ids, in the order in which they start. */
  readonly extensions: readonly string[];
  /** By the pipeline's id text. */
  readonly pipelines: ReadonlyMap<string, PipelineConfig>;
  readonly limits: LimitsConfig;
  readonly telemetry: TelemetryConfig;
}

export interface ConfiguredComponent {
  /** As it was written; with a deprecated alias `definition.type` has the present name. */
  readonly id: ComponentId;
  readonly definition: AnyDefinition;
  /** What the definition's schema made of the section, defaults included. */
  readonly config: unknown;
  /** Equal when the effective configuration is equal, secrets included; tells nothing of them. Worked out when asked for. */
  readonly fingerprint: () => string;
}

export interface PipelineConfig {
  /** `metrics`, or `metrics/name`. */
  readonly id: string;
  readonly signal: Signal;
  /** Ids of receivers, and of connectors that begin this pipeline. */
  readonly receivers: readonly string[];
  /** In the order in which data passes them. */
  readonly processors: readonly string[];
  /** Ids of exporters, and of connectors that end this pipeline. */
  readonly exporters: readonly string[];
}
