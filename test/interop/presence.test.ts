import { expect, test } from "vitest";
import { Books } from "./harness/books.ts";
import { startEdge } from "./harness/edge.ts";
import { startGostcol } from "./harness/gostcol.ts";
import { select } from "./harness/metrics-text.ts";
import { startOrigin } from "./harness/origin.ts";

const GONE_AFTER_MS = 150_000;
const SOON = { timeout: 10_000, interval: 100 };
const ONCE_GONE = { timeout: GONE_AFTER_MS + 15_000, interval: 500 };

// One test, for both have to wait for the same long time.
test("what a killed node and a removed service had open is not told for ever; what they moved is", {
  timeout: GONE_AFTER_MS + 90_000,
}, async () => {
  const gostcol = await startGostcol({ receiver: { temporality: "delta" } });
  const origin = await startOrigin();
  const start = async (node: string) => {
    const addr = `http://127.0.0.1:${gostcol.ports.receiver}/observer?node=${node}`;
    const observer = { protocol: "http", addr } as const;
    const edge = await startEdge({ node, observer, resetTraffic: true, origin, books: new Books() });
    const value = async (name: string, labels: Record<string, string> = {}) =>
      select(await gostcol.scrape(), name, { instance: node, ...labels })[0]?.value;
    const ofWeb = (name: string, labels: Record<string, string> = {}) =>
      value(name, { gost_service_name: "web", ...labels });
    const shown = async () => ({
      up: await value("gost_node_up"),
      ready: await ofWeb("gost_service_state", { gost_service_state: "ready" }),
      service: await ofWeb("gost_service_connection_active"),
      client: await ofWeb("gost_client_connection_active"),
    });
    const sent = () => ofWeb("gost_client_io_bytes_total", { network_io_direction: "transmit" });
    const held = await edge.hold("web");
    await held.move({ upload: 1000, download: 2000 });
    await expect.poll(shown, SOON).toEqual({ up: 1, ready: 1, service: 1, client: 1 });
    return { edge, held, value, ofWeb, shown, sent, moved: await sent() };
  };
  const [killed, removed] = [await start("edge-1"), await start("edge-2")];

  const killedAt = Date.now();
  await killed.edge.gost.end("SIGKILL");
  const lastReport = await killed.value("gost_node_last_report_time_seconds");
  await removed.edge.gost.removeService("web");
  await expect.poll(removed.shown, SOON).toEqual({ up: 1, ready: 0 });
  // The connection lives on, and is reported at service level while it moves something; its end never is.
  await removed.held.move({ upload: 10, download: 10 });
  await expect.poll(removed.shown, SOON).toEqual({ up: 1, ready: 0, service: 1 });
  await removed.held.close();

  await expect.poll(killed.shown, ONCE_GONE).toEqual({ up: 0 });
  expect(Date.now() - killedAt).toBeGreaterThanOrEqual(GONE_AFTER_MS);
  expect(await killed.value("gost_node_last_report_time_seconds")).toBe(lastReport);
  await expect.poll(removed.shown, ONCE_GONE).toEqual({ up: 1, ready: 0 });
  expect(await removed.ofWeb("gost_service_state", { gost_service_state: "closed" })).toBe(1);
  expect([await killed.sent(), await removed.sent()]).toEqual([killed.moved, removed.moved]);

  await killed.edge.gost.start();
  await expect.poll(killed.shown, SOON).toEqual({ up: 1, ready: 1 });
  await killed.edge.move("web", { upload: 10, download: 10 });
  await expect.poll(killed.shown, SOON).toEqual({ up: 1, ready: 1, service: 0, client: 0 });
  expect(await killed.ofWeb("gost_service_unreported_time_seconds_total")).toBeGreaterThan(GONE_AFTER_MS / 1000);
  const log = gostcol.process.stderr() + gostcol.process.stdout();
  expect([log.match(/ is gone: /g)?.length, log.match(/ is back/g)?.length]).toEqual([1, 1]);
});
