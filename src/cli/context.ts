import type { Registry } from "../component/registry.ts";
import type { Listen } from "../component/server.ts";
import type { Transport } from "../component/transport.ts";
import type { AskAgent } from "../kit/control/control-client.ts";
import type { ListenControl } from "../kit/control/messages.ts";
import type { Cancel, Clock } from "../lib/clock.ts";
import type { Memory } from "../lib/memory.ts";
import type { Random } from "../lib/random.ts";

/** Everything that a command may touch of the process around it; `main.ts` fills it with the real things. */
export interface CliContext {
  readonly registry: Registry;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  /** Reads a file as text; a relative path is taken from the working directory. Rejects as Node's `readFile` does. */
  readonly readFile: (path: string, signal: AbortSignal) => Promise<string>;
  /** Makes an empty folder for this process alone; `remove` takes it away with all that is in it. */
  readonly temporaryFolder: (name: string) => Promise<TemporaryFolder>;
  /** The name of this machine. */
  readonly hostName: string;
  /** This program's version. */
  readonly version: string;
  /** Standard output: results. */
  readonly print: (text: string) => void;
  /** Standard error: messages and logs. */
  readonly printError: (text: string) => void;
  /** How much of either was written and has not been taken yet by whoever reads it. */
  readonly unreadBytes: { readonly print: () => number; readonly printError: () => number };
  /** Whether a person reads standard error, and standard output. */
  readonly errorIsTerminal: boolean;
  readonly outputIsTerminal: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly listen: Listen;
  readonly transport: Transport;
  /** The process's; absent: there is always enough. */
  readonly memory?: Memory;
  /** The two ends of a running agent's control socket. */
  readonly listenControl: ListenControl;
  readonly askAgent: AskAgent;
  /** Hears of SIGINT, SIGTERM and SIGHUP until cancelled. */
  readonly onSignal: (listener: (signal: "SIGINT" | "SIGTERM" | "SIGHUP") => void) => Cancel;
}

export interface TemporaryFolder {
  readonly path: string;
  readonly remove: () => Promise<void>;
}
