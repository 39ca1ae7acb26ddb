import { expect, test } from "vitest";
import { expectBalanced, expectSettled } from "./harness/books.ts";
import { TUNNEL_SERVICES } from "./harness/edge.ts";
import { BOB } from "./harness/gost-config.ts";
import { select } from "./harness/metrics-text.ts";
import { EVERY_REPORTING, type Scenario, startScenario } from "./harness/scenario.ts";

test.each(EVERY_REPORTING)("totals are the bytes that were moved: $protocol, $mode told", async (reporting) => {
  const scenario = await startScenario({ ...reporting, told: true });
  await expectExactTotals(scenario);
});

test.each(EVERY_REPORTING)("totals are the bytes that were moved: $protocol, $mode found out", async (reporting) => {
  const scenario = await startScenario({ ...reporting, told: false });
  await expectExactTotals(scenario);
});

test("the state of every service is shown, one of all states at a time", async () => {
  const { gostcol } = await startScenario({ protocol: "http", mode: "cumulative" });
  for (const service of TUNNEL_SERVICES) {
    await expect
      .poll(async () => {
        const states = select(await gostcol.scrape(), "gost_service_state", { gost_service_name: service });
        return Object.fromEntries(states.map(({ labels, value }) => [labels["gost_service_state"], value]));
      })
      .toEqual({ running: 0, ready: 1, failed: 0, closed: 0 });
  }
});

test("every metric has the name that it is promised to have, and no other is there", async () => {
  const { gostcol, edge, books } = await startScenario({ protocol: "http", mode: "cumulative" });
  await edge.move("web", { upload: 1000, download: 1000 });
  await expectBalanced(gostcol, books);
  const names = new Set((await gostcol.scrape()).map(({ name }) => name));
  for (const rare of SHOWN_WHERE_NOT_ALL_IS_KNOWN) names.delete(rare);
  expect([...names].sort()).toEqual([...ALWAYS_SHOWN].sort());
});

const ALWAYS_SHOWN = [
  ...["service", "client"].flatMap((level) => [
    `gost_${level}_connection_handled_total`,
    `gost_${level}_connection_active`,
    `gost_${level}_io_bytes_total`,
    `gost_${level}_errors_total`,
  ]),
  "gost_service_state",
  "gost_node_up",
  "gost_node_last_report_time_seconds",
];
const SHOWN_WHERE_NOT_ALL_IS_KNOWN = [
  "gost_service_io_uncertain_bytes",
  "gost_client_io_uncertain_bytes",
  "gost_service_unreported_time_seconds_total",
];

/** Falling amounts, so that a mode which has to be found out can be: deltas fall where counters cannot. */
async function expectExactTotals({ gostcol, edge, books }: Scenario): Promise<void> {
  for (const service of TUNNEL_SERVICES) {
    await edge.move(service, { upload: 300_000, download: 2_000_000 });
    await edge.move(service, { upload: 400_000, download: 1_000_000 }, BOB);
  }
  await edge.failToLogIn();
  await expectBalanced(gostcol, books);

  const held = await edge.hold("socks");
  await held.move({ upload: 1000, download: 100_000 });
  for (const service of TUNNEL_SERVICES) {
    await edge.move(service, { upload: 10_000, download: 77 });
    await edge.move(service, { upload: 999, download: 23_456 }, BOB);
  }
  await edge.request({ upload: 20_000, download: 777 });
  await held.move({ upload: 17, download: 1 });
  await held.close();
  await expectBalanced(gostcol, books);

  for (const service of TUNNEL_SERVICES) {
    await edge.move(service, { upload: 5, download: 6 });
    await edge.move(service, { upload: 7, download: 8 }, BOB);
  }
  await expectSettled(gostcol, books);
}
