import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { bytesOf, expectSettled, expectWithin, only } from "./harness/books.ts";
import { AUTO_WAYS, type Edge, type Held } from "./harness/edge.ts";
import { ALICE, BOB, PERIOD_MS } from "./harness/gost-config.ts";
import { type Scenario, someBytes, startScenario } from "./harness/scenario.ts";
import { watchTotals } from "./harness/watch-totals.ts";

// An `auto` handler holds one handler for each protocol, and each keeps counters of its own under the same names.

test.each(["http", "grpc"] as const)(
  "http and socks5 clients of an auto handler are exact with deltas: %s",
  async (protocol) => {
    const scenario = await startScenario({ protocol, mode: "delta", auto: true, stored: true });
    const watch = watchTotals(scenario.gostcol);
    // Over gRPC a GOST falls silent for ever after a reload.
    const instances = protocol === "http" ? 2 : 1;
    await lives(scenario, instances, () =>
      expectSettled(bytesOf(scenario.gostcol), bytesOf(scenario.books), 20 * PERIOD_MS),
    );
    expect(watch.falls).toEqual([]);
  },
);

// Which of them a counter came from the values do not always tell; service level has one at a time.
test("http and socks5 clients of an auto handler are within what is uncertain with counters", async () => {
  const scenario = await startScenario({ protocol: "http", mode: "cumulative", auto: true, stored: true });
  const { gostcol, books } = scenario;
  const watch = watchTotals(gostcol);
  await lives(scenario, 2, async () => {
    await expectSettled(bytesOf(only("services", gostcol)), bytesOf(only("services", books)), 20 * PERIOD_MS);
    expectWithin(await gostcol.scrape(), books.accounts());
  });
  expect(watch.falls).toEqual([]);
});

/** Three emitters; six after a reload with connections open; and three again in a new process. */
async function lives({ edge, gostcol }: Scenario, instances: number, expectRight: () => Promise<void>): Promise<void> {
  await moveSome(edge, [], 3);
  await expectRight();
  const held = await Promise.all(AUTO_WAYS.flatMap((way) => [edge.hold(way, ALICE), edge.hold(way, BOB)]));
  await moveSome(edge, held, 2);
  if (instances > 1) await edge.gost.reload();
  await moveSome(edge, held, 4);
  await sleep(2 * PERIOD_MS); // What an old instance moved last is reported only while it is open.
  for (const connection of held) await connection.close();
  await gostcol.end("SIGKILL");
  await gostcol.start();
  await expectRight();
  await edge.gost.end("SIGKILL");
  await edge.gost.start();
  await moveSome(edge, [], 3);
  await expectRight();
}

async function moveSome(edge: Edge, held: readonly Held[], periods: number): Promise<void> {
  for (let period = 0; period < periods; period++) {
    await Promise.all([
      ...held.map((connection) => connection.move({ upload: someBytes(), download: someBytes() })),
      ...AUTO_WAYS.flatMap((way) =>
        [ALICE, BOB].map((as) => edge.move(way, { upload: someBytes(), download: someBytes() }, as)),
      ),
    ]);
    await sleep(PERIOD_MS);
  }
}
