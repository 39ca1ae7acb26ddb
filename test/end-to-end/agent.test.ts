import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { shownAccounts } from "../interop/harness/books.ts";
import { getText, gostcolCommand, gostcolPorts, startGostcol } from "../interop/harness/gostcol.ts";
import { parseMetricsText } from "../interop/harness/metrics-text.ts";
import { listen } from "../interop/harness/origin.ts";
import { runToEnd, startProcess } from "../interop/harness/process.ts";
import { temporaryFolder } from "../interop/harness/temporary-folder.ts";

// The whole process, as it is installed, without any program of others.

const STATS = { totalConns: 1, currentConns: 0, inputBytes: 235, outputBytes: 632, totalErrs: 0 };
const ACCOUNT = { connections: 1, active: 0, input: 235, output: 632, errors: 0 };

test("the default configuration starts in an empty folder, and the first report shows", async () => {
  const folder = await temporaryFolder("default");
  const ports = await gostcolPorts();
  const reader = `[{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${ports.own}}}}}]`;
  const settings = [
    `receivers.gost.endpoint=127.0.0.1:${ports.receiver}`,
    `exporters.prometheus.endpoint=127.0.0.1:${ports.metrics}`,
    `service.telemetry.metrics.readers=${reader}`,
  ];
  const url = `http://127.0.0.1:${ports.metrics}/metrics`;
  const args = settings.flatMap((setting) => ["--set", setting]);
  const agent = await startProcess(gostcolCommand(args, folder), async () => (await getText(url)) !== undefined);
  await report(ports.receiver);
  expect(shownAccounts(parseMetricsText(await getText(url)))).toEqual({ [`${hostname()} service-0`]: ACCOUNT });
  expect(agent.stderr()).toMatch(/default/);
});

test("its own numbers are on a port of their own", async () => {
  const { ports } = await startGostcol();
  await report(ports.receiver);
  const own = await getText(`http://127.0.0.1:${ports.own}/metrics`);
  expect(own).toMatch(/^otelcol_receiver_accepted_metric_points(_total)?\{.*receiver="gost".*\} [1-9]\d*$/m);
  expect(own).toMatch(/^gostcol_/m);
});

test.each(["SIGTERM", "SIGINT"] as const)("%s ends it with a tally and exit code 0", async (signal) => {
  const { process, ports } = await startGostcol();
  await report(ports.receiver);
  expect(await process.end(signal)).toEqual({ code: 0, signal: null });
  expect(process.stderr()).toMatch(/in\b.*\bout\b.*\bdropped/s);
});

test("ten mistakes are ten errors, each at its place, and exit code 2", async () => {
  const folder = await temporaryFolder("mistakes");
  await writeFile(join(folder, "gostcol.yaml"), MISTAKES.map(([line]) => line).join("\n"));
  const ended = await runToEnd(gostcolCommand(["validate", "--config", "gostcol.yaml"], folder));
  expect(ended.code).toBe(2);
  const places = new Set(
    [...(ended.stderr + ended.stdout).matchAll(/gostcol\.yaml:(\d+):\d+/g)].map((place) => Number(place[1])),
  );
  const expected = MISTAKES.flatMap(([, mistake], index) => (mistake ? [index + 1] : []));
  expect(expected).toHaveLength(10);
  expect([...places].sort((left, right) => left - right)).toEqual(expected);
  expect((await runToEnd(gostcolCommand(["--config", "gostcol.yaml"], folder))).code).toBe(2);
});

test("a port that is taken is named, and ends it", async () => {
  const taken = await listen(createServer());
  const folder = await temporaryFolder("taken");
  const ports = await gostcolPorts();
  const config = `
receivers: { gost: { endpoint: "127.0.0.1:${taken}" } }
exporters: { prometheus: { endpoint: "127.0.0.1:${ports.metrics}" } }
service:
  telemetry: { metrics: { readers: [{ pull: { exporter: { prometheus: { host: 127.0.0.1, port: ${ports.own} } } } }] } }
  pipelines: { metrics: { receivers: [gost], exporters: [prometheus] } }
`;
  await writeFile(join(folder, "gostcol.yaml"), config);
  const ended = await runToEnd(gostcolCommand(["run"], folder));
  expect(ended.code).not.toBe(0);
  expect(ended.code).not.toBe(2);
  expect(ended.stderr).toContain(`127.0.0.1:${taken}`);
  expect(ended.stderr).toMatch(/in use|taken/i);
  expect(ended.stderr).not.toMatch(/^\s+at /m);
});

test("after a kill the next process answers on the same ports", async () => {
  const first = await startGostcol();
  await report(first.ports.receiver);
  await first.process.end("SIGKILL");
  const second = await startGostcol({ ports: first.ports });
  await report(second.ports.receiver);
  expect(await second.accounts()).toEqual({ [`${hostname()} service-0`]: ACCOUNT });
});

/** One report of one service, as GOST sends it. */
async function report(port: number): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/observer`, {
    method: "POST",
    body: JSON.stringify({ events: [{ kind: "service", service: "service-0", type: "stats", stats: STATS }] }),
  });
  expect({ status: answer.status, body: await answer.json() }).toEqual({ status: 200, body: { ok: true } });
}

/** Lines of a configuration, and which of them are mistakes. */
const MISTAKES: readonly (readonly [line: string, mistake: boolean])[] = [
  ["receivers:", false],
  ["  gost:", false],
  ["    endpoint: nowhere", true], //                     no address
  ["    temporality: sometimes", true], //                not one of the choices
  ["    max_request_body_size: 10 bananas", true], //     no size
  ["    limits: { serie: 5 }", true], //                  unknown option
  ["  gots: {}", true], //                                unknown component
  ["processors:", false],
  ["  delta_to_cumulative: { max_stale: soon }", true], // no duration
  ["exporters:", false],
  ["  prometheus:", false],
  ["    endpoint: 127.0.0.1:99999", true], //             no port
  ["    send_timestamps: perhaps", true], //              no boolean
  ["service:", false],
  ["  pipelines:", false],
  ["    metrics:", false],
  ["      receivers: [gost, otlp]", true], //             not configured
  ["      processors: [delta_to_cumulative]", false],
  ["      exporters: [prometheus, prometeus]", true], //  not configured, and a near name
];
