import type { ServerLimits } from "../../component/server.ts";

/** Of servers that show pages: a request has no body and headers of a few hundred bytes, and whoever asks reads. */
export const PAGE_TIMEOUTS: Omit<ServerLimits, "bodyBytesMax" | "connectionsMax"> = {
  headerTimeoutMs: 10_000,
  bodyTimeoutMs: 10_000,
  idleTimeoutMs: 5 * 60_000,
  writeTimeoutMs: 30_000,
};
