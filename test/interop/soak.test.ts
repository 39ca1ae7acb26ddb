import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { seededRandom } from "../../src/lib/random.ts";
import type { Fate } from "./harness/answer-watch.ts";
import { Books, expectBalanced, expectSettled, type ShowsAccounts } from "./harness/books.ts";
import { type Edge, startEdge, TUNNEL_SERVICES } from "./harness/edge.ts";
import { ALICE, BOB, PERIOD_MS } from "./harness/gost-config.ts";
import { type Gostcol, startGostcol } from "./harness/gostcol.ts";
import { type LossyRelay, startLossyRelay } from "./harness/lossy-relay.ts";
import { type Origin, startOrigin } from "./harness/origin.ts";
import { EVERY_REPORTING, nodeOf, type Reporting, tokensOf } from "./harness/scenario.ts";
import { temporaryFolder } from "./harness/temporary-folder.ts";

const LASTS_MS = 1000 * Number(process.env["GOSTCOL_SOAK_SECONDS"] ?? 60);
const SEED = Number(process.env["GOSTCOL_SOAK_SEED"] ?? Date.now() % 1_000_000);
const QUIET_MS = 80 * PERIOD_MS;
/** For so long gostcol gets no time: GOST's patience of 5 s ends in some of them. */
const STALLS_MS = [100, 400, 1000, 2500, 4800, 5200, 7000, 11_000];
/** A life that begins is told once, so what tells it has to be answered. */
const STALL_MS_MAX_AT_BEGINNINGS = 2500;
const BEGINNING_MS = 1500;

/**
 * Four GOSTs, one for each way to report, lose answers at random and are killed, stopped or reloaded at random times; one
 * gostcol, on a machine that stalls, counts them all. What GOST had not reported when it was killed nobody can know, so
 * before each end the clients pause until everything is reported: then every byte must be there, once.
 */
test(`totals are off by 0 bytes after ${LASTS_MS / 1000} s of lost answers, restarts and stalls (GOSTCOL_SOAK_SEED=${SEED})`, {
  timeout: LASTS_MS + 4 * QUIET_MS,
}, async () => {
  const gostcol = await startGostcol({
    receiver: { auth: { tokens: tokensOf(EVERY_REPORTING) } },
    storeFolder: await temporaryFolder("store"),
  });
  const origin = await startOrigin();
  const endAt = Date.now() + LASTS_MS;
  const nodes = await Promise.all(EVERY_REPORTING.map((reporting) => startNode(reporting, gostcol, origin)));
  const ended = new AbortController();
  const stalling = stall(gostcol, nodes, ended.signal);
  await Promise.all(nodes.map((node, index) => live(node, gostcol, endAt, SEED + index)));
  ended.abort();
  const stalls = await stalling;

  for (const { name, relay, books } of nodes) {
    relay.decide = () => "deliver";
    await expectSettled(accountsOf(name, gostcol), books, QUIET_MS);
    expect(relay.met.lose_answer).toBeGreaterThan(0);
  }
  report(nodes, stalls);
});

interface Node {
  readonly name: string;
  readonly reporting: Reporting;
  readonly relay: LossyRelay;
  readonly edge: Edge;
  readonly books: Books;
  lives: number;
  /** Whether a life of it begins. */
  begins: boolean;
}

async function startNode(reporting: Reporting, gostcol: Gostcol, origin: Origin): Promise<Node> {
  const name = nodeOf(reporting);
  const relay = await startLossyRelay(reporting.protocol, gostcol.ports.receiver);
  const books = new Books();
  const edge = await startEdge({
    node: name,
    observer: { protocol: reporting.protocol, addr: `127.0.0.1:${relay.port}`, token: name },
    resetTraffic: reporting.mode === "delta",
    origin,
    books,
  });
  return { name, reporting, relay, edge, books, lives: 1, begins: false };
}

async function live(node: Node, gostcol: Gostcol, endAt: number, seed: number): Promise<void> {
  const random = seededRandom(seed);
  const chaos = (): Fate => {
    const dice = random.float();
    if (dice < 0.2) return "lose_answer";
    if (dice < 0.3) return "cut_request";
    return dice < 0.35 ? "delay_answer" : "deliver";
  };
  node.relay.decide = chaos;
  while (Date.now() < endAt) {
    const restAt = Date.now() + 2000 + random.integer(6000);
    while (Date.now() < Math.min(restAt, endAt)) {
      const service = TUNNEL_SERVICES[random.integer(TUNNEL_SERVICES.length)]!;
      const bytes = { upload: 1 + random.integer(50_000), download: 1 + random.integer(200_000) };
      await node.edge.move(service, bytes, random.integer(2) === 0 ? ALICE : BOB);
      await sleep(random.integer(100));
    }
    if (Date.now() >= endAt) return;
    // While answers are still lost: what was counted twice would stay, and fail here.
    await expectBalanced(accountsOf(node.name, gostcol), node.books, QUIET_MS);
    // A GOST says only once that a life begins: what it says must arrive, though the answer may be lost.
    node.relay.decide = () => (random.float() < 0.3 ? "lose_answer" : "deliver");
    node.begins = true;
    await nextLife(node, random.integer(3));
    node.lives++;
    await sleep(BEGINNING_MS);
    node.begins = false;
    node.relay.decide = chaos;
  }
}

async function nextLife({ edge, reporting }: Node, choice: number): Promise<void> {
  // Over gRPC a GOST falls silent for ever after a reload.
  if (choice === 2 && reporting.protocol === "http") return edge.gost.reload();
  await edge.gost.end(choice === 0 ? "SIGTERM" : "SIGKILL");
  await edge.gost.start();
}

/** Gives how often it did. */
async function stall({ process: { pid } }: Gostcol, nodes: readonly Node[], ended: AbortSignal): Promise<number> {
  const random = seededRandom(SEED - 1);
  let stalls = 0;
  while (!ended.aborted) {
    await sleep(500 + random.integer(3000));
    const ms = STALLS_MS[random.integer(STALLS_MS.length)]!;
    const mayStall = () => ms <= STALL_MS_MAX_AT_BEGINNINGS || !nodes.some(({ begins }) => begins);
    if (!mayStall()) continue;
    process.kill(pid, "SIGSTOP");
    stalls++;
    const until = Date.now() + ms;
    while (Date.now() < until && mayStall()) await sleep(20);
    process.kill(pid, "SIGCONT");
  }
  return stalls;
}

/** One node's part of what gostcol shows. */
function accountsOf(node: string, gostcol: Gostcol): ShowsAccounts {
  return {
    async accounts() {
      const all = Object.entries(await gostcol.accounts());
      return Object.fromEntries(all.filter(([key]) => key.startsWith(`${node} `)));
    },
  };
}

function report(nodes: readonly Node[], stalls: number): void {
  say(`gostcol stalled ${stalls} times`);
  for (const { name, lives, relay, books } of nodes) {
    const services = Object.entries(books.accounts()).filter(([key]) => key.split(" ").length === 2);
    const bytes = services.reduce((sum, [, { input, output }]) => sum + input + output, 0);
    say(`${name}: ${bytes} bytes in ${lives} lives, reports ${JSON.stringify(relay.met)}: off by 0`);
  }
}

function say(line: string): void {
  // biome-ignore lint/suspicious/noConsole: the figures of the run are its result.
  console.info(line);
}
