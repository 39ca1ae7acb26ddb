import type { ComponentKind } from "./id.ts";

/** A component's state as the Collector knows it. `fatal_error` shuts the agent down; `permanent_error` is never left. */
export type ComponentStatus =
  | { readonly state: "starting" | "ok" | "stopping" | "stopped" }
  | { readonly state: "recoverable_error" | "permanent_error" | "fatal_error"; readonly message: string };

/**
 * What a component says of itself when it is asked. `degraded`: it does its work, and somebody should know this all the
 * same. `failed`: it does not do its work.
 */
export interface Health {
  readonly status: "ok" | "degraded" | "failed";
  readonly message?: string;
  /** Its pipelines take nothing at present: it refuses what comes, or nothing can come. */
  readonly refuses?: boolean;
}

/** How the agent and everything in it is, for extensions that tell others. */
export interface AgentHealth {
  readonly phase: "starting" | "running" | "stopping";
  /** When everything had started, in milliseconds since the epoch. */
  readonly runningSince?: number;
  /** Why nothing is taken at present, whatever comes: memory is short, say. */
  readonly refuses?: string;
  readonly components: readonly ComponentHealth[];
}

/** How one instance is. */
export interface ComponentHealth {
  readonly kind: ComponentKind;
  readonly id: string;
  /** None for extensions. */
  readonly pipelines: readonly string[];
  readonly status: ComponentStatus;
  readonly health: Health;
  /** When it came to be as it is, by state and health alone, in milliseconds since the epoch. */
  readonly since: number;
}
