import { hostname } from "node:os";
import { Books } from "./books.ts";
import { type Edge, startEdge } from "./edge.ts";
import { type Gostcol, startGostcol } from "./gostcol.ts";
import { type LossyRelay, startLossyRelay } from "./lossy-relay.ts";
import { startOrigin } from "./origin.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** The ways in which a GOST can report. */
export interface Reporting {
  readonly protocol: "http" | "grpc";
  readonly mode: "cumulative" | "delta";
}

export const EVERY_REPORTING: readonly Reporting[] = [
  { protocol: "http", mode: "cumulative" },
  { protocol: "http", mode: "delta" },
  { protocol: "grpc", mode: "cumulative" },
  { protocol: "grpc", mode: "delta" },
];

/** A node for each way to report, told apart by a token that is its name, and tells its mode. */
export const nodeOf = ({ protocol, mode }: Reporting) => `${protocol}-${mode}`;

export function tokensOf(all: readonly Reporting[]): readonly object[] {
  return all.map((reporting) => ({
    token: nodeOf(reporting),
    node: nodeOf(reporting),
    temporality: reporting.mode,
  }));
}

/** One GOST that reports to one gostcol through a relay that can break, with the books of what was moved. */
export interface Scenario {
  readonly gostcol: Gostcol;
  readonly relay: LossyRelay;
  readonly edge: Edge;
  readonly books: Books;
}

export interface ScenarioOptions extends Reporting {
  /** Whether the mode is told to the receiver, or left to it; told by default. */
  readonly told?: boolean;
  /** Whether gostcol keeps its state on disk; in memory by default. */
  readonly stored?: boolean;
  /** Where it does. */
  readonly storeFolder?: string;
  /** Whether all clients come through one `auto` handler. */
  readonly auto?: boolean;
  /** How long GOST waits for an answer; without end by default. */
  readonly timeoutMs?: number;
}

export async function startScenario({
  protocol,
  mode,
  told = true,
  stored = false,
  storeFolder,
  auto = false,
  timeoutMs,
}: ScenarioOptions): Promise<Scenario> {
  const books = new Books();
  const gostcol = await startGostcol({
    receiver: { temporality: told ? mode : "auto" },
    ...((stored || storeFolder) && { storeFolder: storeFolder ?? (await temporaryFolder("store")) }),
  });
  const relay = await startLossyRelay(protocol, gostcol.ports.receiver);
  const origin = await startOrigin();
  const address = `127.0.0.1:${relay.port}`;
  const edge = await startEdge({
    node: hostname(), // Nothing names it, and it comes from loopback.
    observer: {
      protocol,
      addr: protocol === "http" ? `http://${address}/observer` : address,
      ...(timeoutMs && { timeoutMs }),
    },
    resetTraffic: mode === "delta",
    origin,
    books,
    auto,
  });
  return { gostcol, relay, edge, books };
}

/** A number of bytes that no two transfers of a test are likely to share. */
export function someBytes(most = 100_000): number {
  return 1 + Math.floor(Math.random() * most);
}
