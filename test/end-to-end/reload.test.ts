import { writeFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { createServer } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { shownAccounts } from "../interop/harness/books.ts";
import { getText, gostcolCommand } from "../interop/harness/gostcol.ts";
import { parseMetricsText } from "../interop/harness/metrics-text.ts";
import { listen } from "../interop/harness/origin.ts";
import { freePorts } from "../interop/harness/ports.ts";
import { type RunningProcess, startProcess } from "../interop/harness/process.ts";
import { temporaryFolder } from "../interop/harness/temporary-folder.ts";

// The whole process is reloaded while GOSTs report to it over connections that they keep.

const CONNECTIONS = 8;

test("under load not one report is refused, whatever is reloaded behind the receiver", async () => {
  const { agent, ports, write, load } = await started();
  const [first, second, third] = ports.exporters;
  await reload(agent, () => write([first, second]), "added exporter:prometheus/1");
  expect(await accountOf(second)).toBeDefined();
  await reload(agent, () => write([third, second]), "changed exporter:prometheus/0");
  await reload(agent, () => write([third, second], { maxStale: "1h" }), "changed processor:delta_to_cumulative");
  await reload(agent, () => write([second, third], { maxStale: "1h" }), "changed exporter:prometheus/");
  await reload(agent, () => write([first], { maxStale: "1h" }), "removed exporter:prometheus/1");
  const { moved, statuses } = await load.end();
  expect(statuses).toEqual({ 200: expect.any(Number) as number });
  expect(moved).toBeGreaterThan(1000);
  expect(await accountOf(first)).toMatchObject({ input: moved });
  await expect(getText(`http://127.0.0.1:${second}/metrics`)).rejects.toThrow();
});

test("a receiver that changed takes the port over: nobody who connects meanwhile is refused", async () => {
  const { agent, ports, write, load } = await started();
  const [first] = ports.exporters;
  let running = true;
  const answers: number[] = [];
  // Each on a connection of its own, and none equal to one of the load's.
  const connecting = Array.from({ length: CONNECTIONS }, async (_, loop) => {
    for (let report = 1; running; report++) {
      answers.push(await post(new Agent({ keepAlive: false }), ports.receiver, (loop + 1) * 1e6 + report));
    }
  });
  for (const connections of [500, 600, 700]) {
    await reload(agent, () => write([first], { connections }), "changed receiver:gost");
  }
  running = false;
  await Promise.all(connecting);
  await load.end();
  expect(answers.length).toBeGreaterThan(CONNECTIONS);
  expect([...new Set(answers)]).toEqual([200]);
});

test("a file with a mistake, and a port that is taken, change nothing and are said with their place", async () => {
  const { agent, ports, folder, write, load } = await started();
  const [first] = ports.exporters;
  const taken = await listen(createServer());
  await reload(agent, () => writeFile(join(folder, "gostcol.yaml"), "receivers: [\n"), "not reloaded");
  expect(agent.stderr()).toMatch(/gostcol\.yaml:\d+:\d+: error: /);
  await reload(agent, () => write([first, taken]), "not reloaded, what ran before goes on: exporter");
  expect(agent.stderr()).toMatch(/exporter prometheus\/1 could not start: .*in use/);
  await reload(agent, () => write([first]), "no component changed");
  const { moved, statuses } = await load.end();
  expect(Object.keys(statuses)).toEqual(["200"]);
  expect(await accountOf(first)).toMatchObject({ input: moved });
});

test("with --watch it reloads when its file was written", async () => {
  const { agent, ports, write, load } = await started(["--watch"]);
  const [first, second] = ports.exporters;
  await sleep(1500);
  await write([first, second]);
  await said(agent, "added exporter:prometheus/1", 0);
  const { moved, statuses } = await load.end();
  expect(Object.keys(statuses)).toEqual(["200"]);
  expect(await accountOf(second)).toMatchObject({ input: moved });
});

test("stopped in the middle of reloads it ends in order, and what was answered is in its books", async () => {
  const { agent, ports, write, load } = await started();
  const [first, second, third] = ports.exporters;
  await write([second, third]);
  process.kill(agent.pid, "SIGHUP");
  await write([first]);
  process.kill(agent.pid, "SIGHUP");
  const ended = agent.end("SIGTERM");
  const { statuses } = await load.end();
  expect(await ended).toEqual({ code: 0, signal: null });
  const taken = Number(/receiver gost +in (\d+)/.exec(agent.stderr())?.[1]);
  expect(taken).toBeGreaterThanOrEqual(5 * statuses[200]!);
});

interface Load {
  /** Ends once all that was sent is answered. */
  end(): Promise<{ readonly moved: number; readonly statuses: Readonly<Record<number, number>> }>;
}

async function started(args: readonly string[] = []) {
  const [receiver, own, ...exporters] = (await freePorts(5)) as [number, number, number, number, number];
  const folder = await temporaryFolder("reload");
  const write = (shown: readonly number[], { maxStale = "2h", connections = 1000 } = {}) =>
    writeFile(join(folder, "gostcol.yaml"), yaml({ receiver, own, exporters: shown, maxStale, connections }));
  const [first] = exporters;
  await write([first]);
  const command = gostcolCommand(["run", "--config", "gostcol.yaml", ...args], folder);
  const agent = await startProcess(command, async () => (await getText(url(first))) !== undefined);
  return { agent, folder, write, ports: { receiver, exporters }, load: await load(receiver) };
}

interface Written {
  readonly receiver: number;
  readonly own: number;
  readonly exporters: readonly number[];
  readonly maxStale: string;
  readonly connections: number;
}

function yaml({ receiver, own, exporters, maxStale, connections }: Written): string {
  const ids = exporters.map((_, index) => `prometheus/${index}`);
  return `
receivers: { gost: { endpoint: "127.0.0.1:${receiver}", max_connections: ${connections} } }
processors: { dedupe: , delta_to_cumulative: { max_stale: ${maxStale} } }
exporters:
${exporters.map((port, index) => `  ${ids[index]}: { endpoint: "127.0.0.1:${port}" }`).join("\n")}
extensions: { file_storage: { directory: ./data, create_directory: true } }
service:
  extensions: [file_storage]
  telemetry:
    logs: { encoding: console }
    metrics: { readers: [{ pull: { exporter: { prometheus: { host: 127.0.0.1, port: ${own} } } } }] }
  pipelines:
    metrics: { receivers: [gost], processors: [dedupe, delta_to_cumulative], exporters: [${ids.join(", ")}] }
`;
}

const url = (port: number) => `http://127.0.0.1:${port}/metrics`;

async function accountOf(port: number) {
  return shownAccounts(parseMetricsText(await getText(url(port))))[`${hostname()} web`];
}

/** Reports on and on, from several connections that are kept, one after the other on each. */
async function load(port: number): Promise<Load> {
  const statuses: Record<number, number> = {};
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  onTestFinished(() => agent.destroy());
  let running = true;
  let moved = 0;
  let last = 0;
  const loops = Array.from({ length: CONNECTIONS }, async () => {
    while (running) {
      // Each its own number, so that no report looks like the repeat of another one.
      const bytes = ++last;
      const status = await post(agent, port, bytes);
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status === 200) moved += bytes;
    }
  });
  await sleep(100);
  return {
    async end() {
      running = false;
      await Promise.all(loops);
      return { moved, statuses };
    },
  };
}

function post(agent: Agent, port: number, inputBytes: number): Promise<number> {
  const stats = { totalConns: 1, currentConns: 0, inputBytes, outputBytes: 0, totalErrs: 0 };
  const body = JSON.stringify({ events: [{ kind: "service", service: "web", type: "stats", stats }] });
  const options = { agent, port, host: "127.0.0.1", method: "POST", path: "/observer?temporality=delta" };
  return new Promise((resolve) => {
    const sent = request(options, (answer) => {
      answer.resume();
      answer.once("end", () => resolve(answer.statusCode!));
    });
    sent.once("error", () => resolve(0));
    sent.end(body);
  });
}

async function reload(agent: RunningProcess, change: () => Promise<void>, expected: string): Promise<void> {
  const from = agent.stderr().length;
  await change();
  process.kill(agent.pid, "SIGHUP");
  await said(agent, expected, from);
}

async function said(agent: RunningProcess, text: string, from: number): Promise<void> {
  for (let turn = 0; turn < 300 && !agent.stderr().slice(from).includes("reloaded"); turn++) await sleep(20);
  expect(agent.stderr().slice(from)).toContain(text);
}
