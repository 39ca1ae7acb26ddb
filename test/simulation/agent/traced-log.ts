import type { Log, LogFields } from "../../../src/component/log.ts";
import type { Trace } from "../trace.ts";
import type { Mortal } from "./mortal.ts";

/** The log of one process as a part of the trace: what worries people only, and no stacks, which are not the seed's. */
export function tracedLog(trace: Trace, mortal: Mortal): Log {
  const line = (message: string, fields?: LogFields) => {
    if (!mortal.alive) return;
    const { error } = fields ?? {};
    trace.note(`log: ${message}${error instanceof Error ? `: ${error.message}` : ""}`);
  };
  const log: Log = { debug: () => {}, info: () => {}, warn: line, error: line, limited: () => log };
  return log;
}
