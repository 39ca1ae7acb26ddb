import type { AgentHealth, ComponentHealth } from "../../component/status.ts";
import type { Config } from "./config.ts";

/** The Collector's words for the states of a component. */
export type StatusWord =
  | "StatusStarting"
  | "StatusOK"
  | "StatusRecoverableError"
  | "StatusPermanentError"
  | "StatusFatalError"
  | "StatusStopping"
  | "StatusStopped";

/** What becomes of one component's state by the configured rules. */
export interface Verdict {
  readonly name: string;
  readonly status: StatusWord;
  readonly healthy: boolean;
  /** False where its pipelines take nothing. */
  readonly ready: boolean;
  /** What is wrong with it, be it no more than worth knowing. */
  readonly error?: string;
  /** In milliseconds since the epoch. */
  readonly since: number;
}

export function verdictOf(component: ComponentHealth, now: number, rules: Config["component_health"]): Verdict {
  const { kind, id, health, since } = component;
  const status = wordOf(component);
  const refuses = health.refuses === true;
  const lasts = now - since >= rules.recovery_duration;
  const counts = {
    StatusStarting: true,
    StatusOK: false,
    StatusRecoverableError: rules.include_recoverable_errors && lasts,
    StatusPermanentError: rules.include_permanent_errors,
    StatusFatalError: true,
    StatusStopping: true,
    StatusStopped: true,
  }[status];
  const error = textOf(component);
  const ready = !refuses && (status === "StatusOK" || status.endsWith("Error"));
  return {
    name: `${kind}:${id}`,
    status,
    healthy: !refuses && !counts,
    ready,
    ...(error !== undefined && { error }),
    since,
  };
}

/** Whether the whole agent is well: it runs, takes what comes, and nobody in it counts as unhealthy. */
export function wholeVerdict(agent: AgentHealth, verdicts: readonly Verdict[]) {
  const takes = agent.phase === "running" && agent.refuses === undefined;
  return {
    healthy: takes && verdicts.every(({ healthy }) => healthy),
    ready: takes && verdicts.every(({ ready }) => ready),
  };
}

/** The worst of several: the first of these that one of them is in. */
const WORST_FIRST: readonly StatusWord[] = [
  "StatusFatalError",
  "StatusPermanentError",
  "StatusRecoverableError",
  "StatusStopping",
  "StatusStopped",
  "StatusStarting",
];

export function worst(verdicts: readonly Verdict[]): StatusWord {
  return WORST_FIRST.find((word) => verdicts.some(({ status }) => status === word)) ?? "StatusOK";
}

function wordOf({ status, health }: ComponentHealth): StatusWord {
  switch (status.state) {
    case "starting":
      return "StatusStarting";
    case "stopping":
      return "StatusStopping";
    case "stopped":
      return "StatusStopped";
    case "fatal_error":
      return "StatusFatalError";
    case "permanent_error":
      return "StatusPermanentError";
    case "recoverable_error":
      return "StatusRecoverableError";
    case "ok":
      return health.status === "failed" ? "StatusRecoverableError" : "StatusOK";
    default:
      return status satisfies never;
  }
}

/** What it says when it is asked is newer than what it told when that began. */
function textOf({ status, health }: ComponentHealth): string | undefined {
  if (health.status !== "ok" && health.message !== undefined) return health.message;
  return "message" in status ? status.message : undefined;
}
