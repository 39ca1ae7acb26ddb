import type { ComponentStatus } from "../component/status.ts";
import type { Listener } from "./listener.ts";

/** What the agent knows of one instance, from its making to its end. */
export interface Standing {
  status: ComponentStatus;
  readonly listeners: Listener[];
}

/** Takes in what an instance says of itself; returns what is fatal in it. */
export function report(standing: Standing, status: ComponentStatus): string | undefined {
  // The Collector's rule: a permanent error is never left, but for the end.
  const last = standing.status.state;
  if (last === "permanent_error" && status.state !== "fatal_error" && !status.state.startsWith("stop"))
    return undefined;
  standing.status = status;
  return status.state === "fatal_error" ? status.message : undefined;
}
