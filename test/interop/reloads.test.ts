import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import {
  type Books,
  bytesOf,
  EMPTY_ACCOUNT,
  expectBalanced,
  expectSettled,
  expectWithin,
  only,
  type ShowsAccounts,
} from "./harness/books.ts";
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
  // What it moved last is reported only while it is open, and that may take some repetitions of the report before.
  const services = bytesOf(only("services", gostcol));
  await expectBalanced(services, bytesOf(only("services", withOpen(held, books))), 20 * PERIOD_MS);
  for (const connection of held) await connection.close();

  // What clients move on old connections nobody reports.
  const truth = async () => ({
    ...(await only("services", books).accounts()),
    ...(await only("clients", ledger).accounts()),
  });
  await expectSettled(services, bytesOf(only("services", books)), 20 * PERIOD_MS);
  // Where bytes are counters, nothing tells of clients whose instance is silent that it is: they may be too few.
  if (mode === "delta") await expectSettled(bytesOf(only("clients", gostcol)), bytesOf(only("clients", ledger)));
  expectWithin(await gostcol.scrape(), await truth());
  expect(watch.falls).toEqual([]);
});

/** The books with what is on connections that are still open. */
function withOpen(held: readonly Held[], books: Books): ShowsAccounts {
  return {
    accounts() {
      const accounts = { ...books.accounts() };
      for (const connection of held) {
        const { input, output } = connection.wire();
        const account = accounts[connection.service] ?? EMPTY_ACCOUNT;
        accounts[connection.service] = { ...account, input: account.input + input, output: account.output + output };
      }
      return accounts;
    },
  };
}

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
