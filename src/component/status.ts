/** A component's state as the Collector knows it. `fatal_error` shuts the agent down; `permanent_error` is never left. */
export type ComponentStatus =
  | { readonly state: "starting" | "ok" | "stopping" | "stopped" }
  | { readonly state: "recoverable_error" | "permanent_error" | "fatal_error"; readonly message: string };

/** What a component says of itself when it is asked. */
export interface Health {
  readonly status: "ok" | "degraded" | "failed";
  readonly message?: string;
}
