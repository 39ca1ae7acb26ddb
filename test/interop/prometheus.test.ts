import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Books, expectSettled } from "./harness/books.ts";
import { startEdge, TUNNEL_SERVICES } from "./harness/edge.ts";
import { BOB } from "./harness/gost-config.ts";
import { getText, startGostcol } from "./harness/gostcol.ts";
import { startOrigin } from "./harness/origin.ts";
import { peerPath } from "./harness/peers.ts";
import { freePorts } from "./harness/ports.ts";
import { runToEnd } from "./harness/process.ts";
import { type Prometheus, startPrometheus } from "./harness/prometheus.ts";
import { someBytes } from "./harness/scenario.ts";
import { temporaryFolder } from "./harness/temporary-folder.ts";

test("a real Prometheus scrapes every format and answers with the bytes that were moved", async () => {
  const [utf8, openMetrics] = (await freePorts(2)) as [number, number];
  const { gostcol, books } = await gostcolWithTraffic({
    "prometheus/utf8": { endpoint: `127.0.0.1:${utf8}`, translation_strategy: "NoUTF8EscapingWithSuffixes" },
    "prometheus/openmetrics": { endpoint: `127.0.0.1:${openMetrics}`, enable_open_metrics: true },
  });
  const prometheus = await scraping({
    text: gostcol.ports.metrics,
    utf8,
    openmetrics: openMetrics,
    own: gostcol.ports.own,
  });

  const shown = { alice: 0, bob: 0 };
  for (const [key, { input, output }] of Object.entries(books.accounts())) {
    const client = key.split(" ")[2];
    if (client === "alice" || client === "bob") shown[client] += input + output;
  }
  const byClient = async (query: string, label: string) => {
    const result = await prometheus.query(query);
    return Object.fromEntries(result.map(({ metric, value }) => [metric[label], Number(value[1])]));
  };
  const wait = { timeout: 20_000, interval: 200 };
  for (const job of ["text", "openmetrics"]) {
    await expect
      .poll(
        () => byClient(`sum by (gost_client_id) (gost_client_io_bytes_total{scrape="${job}"})`, "gost_client_id"),
        wait,
      )
      .toEqual(shown);
  }
  await expect
    .poll(
      () => byClient('sum by ("gost.client.id") ({"gost.client.io_bytes_total", scrape="utf8"})', "gost.client.id"),
      wait,
    )
    .toEqual(shown);
  await expect
    .poll(() => byClient('up{job=~".*"}', "scrape"), wait)
    .toEqual({ text: 1, utf8: 1, openmetrics: 1, own: 1 });
  const nodes = await prometheus.query('count by (job, instance) (gost_service_io_bytes_total{scrape="text"})');
  expect(nodes.map(({ metric }) => metric)).toEqual([{ job: "gost", instance: "edge-1" }]);
});

test("promtool finds nothing to say about /metrics", async () => {
  const { gostcol } = await gostcolWithTraffic({});
  for (const port of [gostcol.ports.metrics, gostcol.ports.own]) {
    const text = await getText(`http://127.0.0.1:${port}/metrics`);
    expect(text).toContain("# TYPE ");
    const folder = await temporaryFolder("promtool");
    const checked = await runToEnd(
      { name: "promtool", program: peerPath("promtool"), args: ["check", "metrics"], folder },
      text,
    );
    expect(checked).toMatchObject({ code: 0, stdout: "", stderr: "" });
  }
});

test("promtool finds nothing to say about the rules in the documentation", async () => {
  const page = await readFile(join(import.meta.dirname, "../../docs/counting.md"), "utf8");
  const rules = /```yaml\n(groups:\n[\s\S]*?)```/.exec(page)![1]!;
  const folder = await temporaryFolder("rules");
  await writeFile(join(folder, "rules.yml"), rules);
  const args = ["check", "rules", "rules.yml"];
  const checked = await runToEnd({ name: "promtool", program: peerPath("promtool"), args, folder });
  expect(checked).toMatchObject({ code: 0, stderr: "" });
  expect(checked.stdout).toContain(`SUCCESS: ${rules.match(/- alert:/g)!.length} rules found`);
});

async function gostcolWithTraffic(exporters: Readonly<Record<string, object>>) {
  const gostcol = await startGostcol({ receiver: { temporality: "delta" }, exporters });
  const books = new Books();
  const edge = await startEdge({
    node: "edge-1",
    observer: { protocol: "http", addr: `http://127.0.0.1:${gostcol.ports.receiver}/observer?node=edge-1` },
    resetTraffic: true,
    origin: await startOrigin(),
    books,
  });
  for (const service of TUNNEL_SERVICES) {
    await edge.move(service, { upload: someBytes(), download: someBytes() });
    await edge.move(service, { upload: someBytes(), download: someBytes() }, BOB);
  }
  await expectSettled(gostcol, books);
  return { gostcol, books };
}

/** Scrapes each port every second; the label `scrape` tells them apart, `job` and `instance` are gostcol's own. */
function scraping(ports: Readonly<Record<string, number>>): Promise<Prometheus> {
  return startPrometheus({
    global: { scrape_interval: "1s", scrape_timeout: "1s" },
    scrape_configs: Object.entries(ports).map(([name, target]) => ({
      job_name: name,
      honor_labels: true,
      static_configs: [{ targets: [`127.0.0.1:${target}`], labels: { scrape: name } }],
    })),
  });
}
