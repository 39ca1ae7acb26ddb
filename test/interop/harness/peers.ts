import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** The programs of others that this suite runs. */
export const PEERS = ["gost", "otelcol", "prometheus", "promtool"] as const;
export type Peer = (typeof PEERS)[number];

/** Where a peer is: in the folder that GOSTCOL_PEERS names, else on the PATH. */
export function findPeer(peer: Peer): string | undefined {
  const folders = [process.env["GOSTCOL_PEERS"], ...(process.env["PATH"] ?? "").split(delimiter)];
  return folders
    .filter((folder) => folder !== undefined && folder !== "")
    .map((folder) => join(folder!, peer))
    .find(isExecutable);
}

export function peerPath(peer: Peer): string {
  const path = findPeer(peer);
  if (path === undefined) throw new Error(howToGet([peer]));
  return path;
}

export function missingPeers(): Peer[] {
  return PEERS.filter((peer) => findPeer(peer) === undefined);
}

export function howToGet(missing: readonly Peer[]): string {
  return `${missing.join(", ")} not found: put GOST v3, the OpenTelemetry Collector (otelcol) and Prometheus 3 (with promtool) on the PATH, or name their folder in GOSTCOL_PEERS`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
