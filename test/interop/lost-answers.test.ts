import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { expectBalanced, expectSettled, expectWithin } from "./harness/books.ts";
import { type Edge, TUNNEL_SERVICES } from "./harness/edge.ts";
import { BOB, PERIOD_MS } from "./harness/gost-config.ts";
import { EVERY_REPORTING, someBytes, startScenario } from "./harness/scenario.ts";

test.each(EVERY_REPORTING)("no answer that was lost counts anything twice: $protocol, $mode", async (reporting) => {
  const { gostcol, relay, edge, books } = await startScenario(reporting);
  await moveSome(edge);
  await expectBalanced(gostcol, books);

  relay.decide = () => "lose_answer";
  for (let period = 0; period < 3; period++) {
    await moveSome(edge);
    await sleep(PERIOD_MS);
  }
  expect(relay.met.lose_answer).toBeGreaterThan(TUNNEL_SERVICES.length);
  relay.decide = () => "deliver";
  await expectBalanced(gostcol, books, 20 * PERIOD_MS);

  let reports = 0;
  relay.decide = () => (reports++ % 2 === 0 ? "lose_answer" : "deliver");
  for (let period = 0; period < 4; period++) {
    await moveSome(edge);
    await sleep(PERIOD_MS);
  }
  relay.decide = () => "deliver";
  await expectSettled(gostcol, books, 20 * PERIOD_MS);
});

test.each(EVERY_REPORTING)(
  "requests cut in half and late answers change nothing: $protocol, $mode",
  async (reporting) => {
    const { gostcol, relay, edge, books } = await startScenario(reporting);
    for (const fate of ["cut_request", "delay_answer"] as const) {
      relay.decide = () => fate;
      for (let period = 0; period < 3; period++) {
        await moveSome(edge);
        await sleep(PERIOD_MS);
      }
      expect(relay.met[fate]).toBeGreaterThan(TUNNEL_SERVICES.length);
      relay.decide = () => "deliver";
      await expectSettled(gostcol, books, 20 * PERIOD_MS);
    }
  },
);

test.each(["http", "grpc"] as const)("equal deltas of a steady stream are no repeats: %s", async (protocol) => {
  const { gostcol, edge, books } = await startScenario({ protocol, mode: "delta" });
  await streamSteadily(edge, 6);
  await expectSettled(gostcol, books);
});

test("equal deltas of a steady stream are told from repeats while answers are lost", async () => {
  const { gostcol, relay, edge, books } = await startScenario({ protocol: "http", mode: "delta" });
  let reports = 0;
  relay.decide = () => (reports++ % 3 === 0 ? "lose_answer" : "deliver");
  await streamSteadily(edge, 9);
  relay.decide = () => "deliver";
  await expectSettled(gostcol, books);
});

// Where gRPC's connection breaks before an answer is proven read, nobody knows which of two equal reports is the repeat.
test("heartbeats of equal size over gRPC are never too many, and within what is uncertain, while answers are lost", async () => {
  const { gostcol, relay, edge, books } = await startScenario({ protocol: "grpc", mode: "delta", stored: true });
  let reports = 0;
  relay.decide = () => (reports++ % 7 === 0 ? "lose_answer" : "deliver");
  await streamSteadily(edge, 12);
  relay.decide = () => "deliver";
  await edge.move("web", { upload: 1, download: 1 });
  await expect
    .poll(async () => (await gostcol.accounts())[`${hostname()} web`]?.connections, { timeout: 20 * PERIOD_MS })
    .toBe(1);
  await sleep(3 * PERIOD_MS);
  expectWithin(await gostcol.scrape(), books.accounts());
});

/** The same bytes on the same connections, once in each period. */
async function streamSteadily(edge: Edge, periods: number): Promise<void> {
  const streams = [await edge.hold("socks"), await edge.hold("forward")];
  for (let period = 0; period < periods; period++) {
    for (const stream of streams) await stream.move({ upload: 1000, download: 2000 });
    await sleep(PERIOD_MS);
  }
  for (const stream of streams) await stream.close();
}

async function moveSome(edge: Edge): Promise<void> {
  for (const service of TUNNEL_SERVICES) {
    await edge.move(service, { upload: someBytes(), download: someBytes() });
    await edge.move(service, { upload: someBytes(), download: someBytes() }, BOB);
  }
}
