import { hostname } from "node:os";
import { Books } from "./books.ts";
import { type Edge, startEdge } from "./edge.ts";
import type { ObserverOptions } from "./gost-config.ts";
import { type Gostcol, startGostcol } from "./gostcol.ts";
import { Ledger } from "./ledger.ts";
import { startLossyRelay } from "./lossy-relay.ts";
import { startOrigin } from "./origin.ts";
import type { ScenarioOptions } from "./scenario.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** One GOST that reports to one gostcol, with the books of what was moved and the ledger of what was reported. */
export interface Observed {
  readonly gostcol: Gostcol;
  readonly edge: Edge;
  readonly books: Books;
  readonly ledger: Ledger;
  /** Call it before each start or reload of GOST, so that the ledger can tell its instances apart. */
  nextInstance(): Promise<void>;
}

export interface ObservedOptions extends ScenarioOptions {
  /**
   * Whether the observer has another name in each configuration. GOST looks it up by name for each report, so what an old
   * instance sends during a reload and after it comes else by the relay of the new one, and the ledger takes it for that
   * one's: with deltas, which simply add, that does not matter.
   */
  readonly observersOfTheirOwn?: boolean;
}

/** Each instance of GOST's services reports through a relay of its own, which gostcol cannot tell from any other. */
export async function observed(options: ObservedOptions): Promise<Observed> {
  const { protocol, mode, told = true, auto = false, observersOfTheirOwn = false } = options;
  const node = hostname(); // Nothing names it, and it comes from loopback.
  const books = new Books();
  const ledger = new Ledger(node, mode);
  const gostcol = await startGostcol({
    receiver: { temporality: told ? mode : "auto" },
    storeFolder: await temporaryFolder("store"),
  });
  const observer = async (): Promise<ObserverOptions> => {
    const relay = await startLossyRelay(protocol, gostcol.ports.receiver);
    relay.taken = ledger.instance();
    relay.endsLast = true;
    return {
      protocol,
      addr: `127.0.0.1:${relay.port}`,
      ...(observersOfTheirOwn && { name: `gostcol-${relay.port}` }),
    };
  };
  const edge = await startEdge({
    node,
    observer: await observer(),
    resetTraffic: mode === "delta",
    origin: await startOrigin(),
    books,
    auto,
  });
  return {
    gostcol,
    edge,
    books,
    ledger,
    nextInstance: async () => edge.gost.reportTo(await observer()),
  };
}
