import { pino, stdSerializers } from "pino";
import type { Log, LogFields } from "../component/log.ts";
import type { Clock } from "../lib/clock.ts";
import { consoleLine } from "./console-line.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** `level` and `encoding` are looked at for each line: whoever made them may change them. */
export interface LoggingOptions {
  level: LogLevel;
  /** `console` for people, `json` for machines. */
  encoding: "console" | "json";
  readonly clock: Clock;
  /** Takes whole lines, newline included. */
  readonly write: (line: string) => void;
}

/** Makes the agent's logs: one for each component, with its kind and id in every line. */
export type LogFactory = (fields: LogFields) => Log;

/** A limited line comes at most this often. */
const INTERVAL_MS = 10_000;
/** More keys than this are not told apart in an interval; keys are constants of the code, and so are few. */
const KEYS_MAX = 1000;

export function logging(options: LoggingOptions): LogFactory {
  const { clock, write } = options;
  const root = pino(
    {
      level: "debug",
      base: null,
      timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: stdSerializers.err },
    },
    { write: (line: string) => write(options.encoding === "json" ? line : consoleLine(line)) },
  );
  return (fields) => {
    const child = root.child(fields);
    const line = (level: LogLevel) => (message: string, more?: LogFields) => {
      if (LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(options.level)) child[level](more ?? {}, message);
    };
    return limitable({ debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") }, clock);
  };
}

type Lines = Omit<Log, "limited">;

function limitable(lines: Lines, clock: Clock): Log {
  const intervals = new Map<string, { endMs: number; leftOut: number }>();
  const log: Log = {
    ...lines,
    limited(key) {
      const limited = (level: LogLevel) => (message: string, fields?: LogFields) => {
        const nowMs = clock.monotonic();
        const interval = intervals.get(key);
        if (interval !== undefined && nowMs < interval.endMs) {
          interval.leftOut++;
          return;
        }
        if (interval === undefined && intervals.size >= KEYS_MAX) intervals.clear();
        intervals.set(key, { endMs: nowMs + INTERVAL_MS, leftOut: 0 });
        const leftOut = interval?.leftOut ?? 0;
        lines[level](message, leftOut === 0 ? fields : { ...fields, left_out: leftOut });
      };
      const limitedLog: Log = {
        debug: limited("debug"),
        info: limited("info"),
        warn: limited("warn"),
        error: limited("error"),
        limited: log.limited,
      };
      return limitedLog;
    },
  };
  return log;
}
