import type { Listen, ServerAnswer, ServerConnection, ServerHandler } from "../../src/component/server.ts";
import { createAgent } from "../../src/index.ts";
import { NEVER } from "../../src/lib/abort.ts";
import type { Clock } from "../../src/lib/clock.ts";
import { setHeapFlags } from "../../src/lib/heap-flags.ts";
import { systemClock } from "../../src/lib/system-clock.ts";
import { settledReceipt } from "../../src/model/source-facts.ts";
import { usualConfig } from "./agent-process.ts";

const RECEIVER_PORT = 1;
const METRICS_PORT = 2;

/** The whole agent but for the network: requests are handed to what would listen. */
export interface InProcessAgent {
  report(body: Uint8Array, node?: string): ServerAnswer | Promise<ServerAnswer>;
  scrape(): ServerAnswer | Promise<ServerAnswer>;
  /** Sets its clock on. */
  pass(ms: number): void;
  stop(): Promise<unknown>;
}

export async function startInProcessAgent(): Promise<InProcessAgent> {
  setHeapFlags(); // As the program does.
  const handlers = new Map<number, ServerHandler>();
  const listen: Listen = async ({ host, port }, handler) => {
    handlers.set(port, handler);
    return { host, port, openConnections: 1, close: async () => {} };
  };
  let passedMs = 0;
  const clock: Clock = {
    ...systemClock,
    now: () => systemClock.now() + passedMs,
    monotonic: () => systemClock.monotonic() + passedMs,
  };
  const config = { text: usualConfig({ port: RECEIVER_PORT, metricsPort: METRICS_PORT }) };
  const agent = await createAgent({ config, environment: { listen, clock } }, NEVER);
  await agent.start(NEVER);

  const connection: ServerConnection = {
    id: 1,
    peer: { address: "127.0.0.1:50000", transport: "http" },
    open: true,
    endedByUs: false,
  };
  const usual = { connection, protocol: "http", header: () => undefined, signal: NEVER } as const;
  const nothing = new Uint8Array(0);
  const receipt = settledReceipt("read");
  const receiver = handlers.get(RECEIVER_PORT)!;
  const metrics = handlers.get(METRICS_PORT)!;
  return {
    report(body, node = "edge-1") {
      const query = `node=${node}&temporality=delta`;
      return receiver.request({ ...usual, method: "POST", path: "/observer", query, body, receipt });
    },
    async scrape() {
      const answer = await metrics.request({
        ...usual,
        method: "GET",
        path: "/metrics",
        query: "",
        body: nothing,
        receipt,
      });
      answer.done?.(); // As a server says it; the body is there until the next scrape.
      return answer;
    },
    pass(ms) {
      passedMs += ms;
    },
    stop: () => agent.stop(),
  };
}
