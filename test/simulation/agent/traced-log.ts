import type { Log, LogFields } from "../../../src/component/log.ts";
import type { Trace } from "../trace.ts";
import type { Mortal } from "./mortal.ts";

/**
 * The log of one process as a part of the trace: what worries people only, and no stacks, which are not the seed's. What the
 * agent itself calls a bug is told to `onBug`: it refuses the report then, and is sent it again, so totals may well be right.
 */
export function tracedLog(trace: Trace, mortal: Mortal, onBug: (text: string) => void): Log {
  const line = (message: string, fields?: LogFields) => {
    if (!mortal.alive) return;
    const { error } = fields ?? {};
    const text = `${message}${error instanceof Error ? `: ${error.message}` : ""}`;
    trace.note(`log: ${text}`);
    if (message.startsWith("BUG")) onBug(text);
  };
  const log: Log = { debug: () => {}, info: () => {}, warn: line, error: line, limited: () => log };
  return log;
}
