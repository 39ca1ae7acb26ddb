import type { Log } from "../../src/component/log.ts";

/** A log that nobody reads. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  limited: () => silentLog,
};
