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

/** Each instance of GOST's services reports through a relay of its own, which gostcol cannot tell from any other. */
export async function observed({ protocol, mode, told = true, auto = false }: ScenarioOptions): Promise<Observed> {
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
    return { protocol, addr: `127.0.0.1:${relay.port}` };
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
