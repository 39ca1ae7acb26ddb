import type { ComponentStatus } from "../component/status.ts";
import type { Listener } from "./listener.ts";

/** What the agent knows of one instance, from its making to its end. */
export class Standing {
  readonly listeners: Listener[] = [];
  readonly #now: () => number;
  #status: ComponentStatus = { state: "starting" };
  #since: number;

  constructor(now: () => number) {
    this.#now = now;
    this.#since = now();
  }

  get status(): ComponentStatus {
    return this.#status;
  }

  set status(status: ComponentStatus) {
    if (status.state !== this.#status.state) this.#since = this.#now();
    this.#status = status;
  }

  /** When it came into its state, whatever it said since. */
  get since(): number {
    return this.#since;
  }
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
