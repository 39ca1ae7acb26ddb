/** Structured logging. The component's kind and id are in every line already. Never with a secret, and not for each item. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Only the first line of each `key` in an interval is written; the next one says how many were left out. */
  limited(key: string): Log;
}

export type LogFields = Readonly<Record<string, unknown>>;
