import type { Cancel, Clock } from "../lib/clock.ts";
import type { GraphNode } from "../pipeline/graph.ts";
import type { LogFactory } from "./logging.ts";

const PERIOD_MS = 10_000;

/**
 * Says every now and then who has not come to an end with a step of its start. A start has no deadline, for a large store
 * takes its time to be checked; but somebody may be waiting for a port.
 */
export function remindOfStart(nodes: readonly GraphNode[], clock: Clock, log: LogFactory): Cancel {
  return clock.every(PERIOD_MS, () => {
    for (const { plan, seat } of nodes) {
      const { kind, id } = plan;
      if (seat.step !== undefined) log({ kind, id }).warn(`its ${seat.step} is not done yet`);
    }
  });
}
