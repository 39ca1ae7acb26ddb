import { expect, test } from "vitest";
import { type Accounts, Books, expectSettled } from "./harness/books.ts";
import { startEdge, TUNNEL_SERVICES } from "./harness/edge.ts";
import { ALICE, BOB, type ObserverOptions, PERIOD_MS } from "./harness/gost-config.ts";
import { type Gostcol, startGostcol } from "./harness/gostcol.ts";
import { startOrigin } from "./harness/origin.ts";
import { someBytes } from "./harness/scenario.ts";
import { temporaryFolder } from "./harness/temporary-folder.ts";

const TOKENS = [
  { token: "token-of-edge-1", node: "edge-1" },
  { token: "token-of-edge-2", node: "edge-2" },
];

interface Naming {
  readonly how: string;
  readonly auth?: object;
  readonly observer: (receiver: string, node: 1 | 2) => ObserverOptions;
}

const NAMINGS: readonly Naming[] = [
  {
    how: "?node=",
    observer: (receiver, node) => ({ protocol: "http", addr: `http://${receiver}/observer?node=edge-${node}` }),
  },
  {
    how: "the path",
    observer: (receiver, node) => ({ protocol: "http", addr: `http://${receiver}/observer/edge-${node}` }),
  },
  {
    how: "bearer tokens",
    auth: { tokens: TOKENS },
    observer: (receiver, node) => ({ protocol: "http", addr: receiver, token: `token-of-edge-${node}` }),
  },
  {
    how: "gRPC tokens",
    auth: { tokens: TOKENS },
    observer: (receiver, node) => ({ protocol: "grpc", addr: receiver, token: `token-of-edge-${node}` }),
  },
];

test.each(NAMINGS)("two nodes with services of the same names never mix: $how", async ({ auth, observer }) => {
  const gostcol = await startGostcol({ receiver: { temporality: "delta", ...(auth && { auth }) } });
  const books = new Books();
  const origin = await startOrigin();
  const edges = [];
  for (const node of [1, 2] as const) {
    const options = { node: `edge-${node}`, resetTraffic: true, origin, books };
    edges.push(await startEdge({ ...options, observer: observer(`127.0.0.1:${gostcol.ports.receiver}`, node) }));
  }
  for (let round = 0; round < 2; round++) {
    for (const edge of edges) {
      for (const service of TUNNEL_SERVICES) {
        await edge.move(service, { upload: someBytes(), download: someBytes() });
      }
    }
  }
  await expectSettled(gostcol, books);
});

test.each([true, false])(
  "two nodes, one with counters and one with deltas, are each counted in their own mode; told: %s",
  async (told) => {
    const gostcol = await startGostcol({ storeFolder: await temporaryFolder("store") });
    const books = new Books();
    const origin = await startOrigin();
    const edges = await Promise.all(
      (["cumulative", "delta"] as const).map((mode) => {
        const addr = `http://127.0.0.1:${gostcol.ports.receiver}/observer?node=${mode}`;
        return startEdge({
          node: mode,
          observer: { protocol: "http", addr: told ? `${addr}&temporality=${mode}` : addr },
          resetTraffic: mode === "delta",
          origin,
          books,
        });
      }),
    );
    // Ever less: where nothing is told, only falls can prove that values are deltas.
    for (const bytes of [400_000, 50_000, 6000, 700, 80]) {
      for (const edge of edges) {
        for (const service of TUNNEL_SERVICES) {
          for (const as of [ALICE, BOB]) await edge.move(service, { upload: bytes, download: 2 * bytes }, as);
        }
      }
      await expectReported(gostcol, books);
    }
    await expectSettled(gostcol, books);
  },
);

/** Waits until all connections are counted: that they are is known in both modes. */
async function expectReported(gostcol: Gostcol, books: Books): Promise<void> {
  const connections = (accounts: Accounts) =>
    Object.entries(accounts).map(([key, account]) => [key, account.connections]);
  await expect
    .poll(async () => connections(await gostcol.accounts()), { timeout: 8 * PERIOD_MS })
    .toEqual(connections(books.accounts()));
}

test.each(["http", "grpc"] as const)(
  "a GOST with a wrong token is refused and counts for nobody: %s",
  async (protocol) => {
    const gostcol = await startGostcol({ receiver: { auth: { tokens: TOKENS } } });
    const address = `127.0.0.1:${gostcol.ports.receiver}`;
    const common = { resetTraffic: false, origin: await startOrigin() };
    const books = new Books();
    const stranger = await startEdge({
      ...common,
      node: "nobody",
      observer: { protocol, addr: address, token: "guessed" },
      books: new Books(),
    });
    const edge = await startEdge({
      ...common,
      node: "edge-1",
      observer: { protocol, addr: address, token: "token-of-edge-1" },
      books,
    });
    await stranger.move("web", { upload: 1000, download: 1000 });
    await edge.move("web", { upload: 2000, download: 2000 });
    await expectSettled(gostcol, books);
    expect(await gostcol.accounts()).not.toEqual({});
  },
);

test("a token's node is binding: another one in the URL is refused", async () => {
  const gostcol = await startGostcol({ receiver: { auth: { tokens: TOKENS } } });
  const report = (url: string) =>
    fetch(`http://127.0.0.1:${gostcol.ports.receiver}${url}`, {
      method: "POST",
      body: JSON.stringify({ events: [] }),
    });
  expect((await report("/observer?token=token-of-edge-1")).status).toBe(200);
  expect((await report("/observer?token=token-of-edge-1&node=edge-1")).status).toBe(200);
  expect((await report("/observer?token=token-of-edge-1&node=edge-2")).status).toBe(401);
  expect((await report("/observer/edge-2?token=token-of-edge-1")).status).toBe(401);
  expect((await report("/observer?node=edge-1")).status).toBe(401);
});
