import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { bytesOf, expectSettled, expectWithin, only } from "./harness/books.ts";
import { type Edge, type Held, TUNNEL_SERVICES } from "./harness/edge.ts";
import { BOB, PERIOD_MS } from "./harness/gost-config.ts";
import { observed } from "./harness/observed.ts";
import { someBytes } from "./harness/scenario.ts";
import { watchTotals } from "./harness/watch-totals.ts";

const MODES = ["cumulative", "delta"] as const;

// Over gRPC a GOST falls silent for ever after a reload: it closes the connection that its new services go on using.
test.each(MODES)("an old instance with open connections counts beside the new one: %s", async (mode) => {
  const { gostcol, edge, books, ledger, nextInstance } = await observed({ protocol: "http", mode });
  const watch = watchTotals(gostcol);
  const held: Held[] = [];
  for (const [reload, by] of (["web_api", "sighup", "web_api"] as const).entries()) {
    for (const service of TUNNEL_SERVICES) held.push(await edge.hold(service));
    await moveSome(edge, held, 3);
    await nextInstance();
    await edge.gost.reload(by);
    await moveSome(edge, held, 4 + reload); // No two instances end with as many connections.
  }
  await sleep(2 * PERIOD_MS); // What it moved last is reported only while it is open.
  for (const connection of held) await connection.close();

  // What clients move on old connections nobody reports.
  const truth = async () => ({
    ...(await only("services", books).accounts()),
    ...(await only("clients", ledger).accounts()),
  });
  await expectSettled(bytesOf(only("services", gostcol)), bytesOf(only("services", books)), 20 * PERIOD_MS);
  // Where bytes are counters, nothing tells of clients whose instance is silent that it is: they may be too few.
  if (mode === "delta") await expectSettled(bytesOf(only("clients", gostcol)), bytesOf(only("clients", ledger)));
  expectWithin(await gostcol.scrape(), await truth());
  expect(watch.falls).toEqual([]);
});

/** In each period something on every open connection, and some new ones. */
async function moveSome(edge: Edge, held: readonly Held[], periods: number): Promise<void> {
  for (let period = 0; period < periods; period++) {
    for (const connection of held) await connection.move({ upload: someBytes(), download: someBytes() });
    for (const service of TUNNEL_SERVICES) {
      await edge.move(service, { upload: someBytes(), download: someBytes() });
      await edge.move(service, { upload: someBytes(), download: someBytes() }, BOB);
    }
    await sleep(PERIOD_MS);
  }
}
