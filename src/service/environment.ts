import type { Listen } from "../component/server.ts";
import type { StoreBackend } from "../component/store.ts";
import type { Transport } from "../component/transport.ts";
import type { ListenControl } from "../kit/control/messages.ts";
import type { Clock } from "../lib/clock.ts";
import type { Memory } from "../lib/memory.ts";
import type { Random } from "../lib/random.ts";
import type { DeliveryLimits } from "../pipeline/deliveries.ts";
import type { LogFactory } from "./logging.ts";
import type { ProcessNumbers } from "./process-metrics.ts";

/** The world around an agent: the real one, or a simulated one. */
export interface AgentEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  readonly listen: Listen;
  readonly transport: Transport;
  /** Where commands reach the agent while it runs, beside its store; without it they do not. */
  readonly listenControl?: ListenControl;
  readonly log: LogFactory;
  /** Standard output, for components that print; false where it has no room. */
  readonly print: (text: string) => boolean;
  readonly hostName: string;
  /** This program's version. */
  readonly version: string;
  readonly readProcess: () => ProcessNumbers;
  /** Absent: there is always enough. */
  readonly memory?: Memory;
  /** Where state is kept; by default in memory, until the process ends. */
  readonly store?: StoreBackend;
  readonly deliveryLimits?: Partial<DeliveryLimits>;
  /** For the whole of a stop; by default 25 s, since orchestrators kill after 30. */
  readonly shutdownTimeoutMs?: number;
}
