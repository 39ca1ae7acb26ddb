import { describe, expect, it } from "vitest";
import { type FakeWorld, fakeWorld, metricsBatch, send } from "../../test/support/fake-components.ts";
import { noTransport } from "../kit/client/transport.ts";
import { createFakeNetwork } from "../kit/server/fake-server.ts";
import { seededRandom } from "../lib/random.ts";
import { virtualClock } from "../lib/virtual-clock.ts";
import type { CliContext } from "./context.ts";
import { runCommand } from "./run.ts";

const YAML = `
receivers: { in: { text: here } }
processors: { change: }
exporters: { out: }
service:
  telemetry: { logs: { encoding: console } }
  pipelines:
    metrics: { receivers: [in], processors: [change], exporters: [out] }
`;

type Signal = Parameters<Parameters<CliContext["onSignal"]>[0]>[0];

interface Options {
  readonly yaml?: string;
  readonly terminal?: boolean;
  readonly world?: FakeWorld;
  readonly watch?: boolean;
}

/** `gostcol run` in a process of the test's own making. */
function command(options: Options = {}) {
  const { yaml = YAML, terminal = true, world = fakeWorld(), watch = false } = options;
  const file = { text: yaml };
  const listeners = new Set<(signal: Signal) => void>();
  let stderr = "";
  const clock = virtualClock();
  const context: CliContext = {
    registry: world.registry,
    environment: {},
    workingDirectory: ".",
    readFile: async () => file.text,
    temporaryFolder: () => Promise.reject(new Error("no folders here")),
    hostName: "test-host",
    version: "1.2.3",
    print: () => {},
    printError: (text) => {
      stderr += text;
    },
    unreadBytes: { print: () => 0, printError: () => 0 },
    errorIsTerminal: terminal,
    outputIsTerminal: terminal,
    clock,
    random: seededRandom(1),
    transport: noTransport,
    listen: createFakeNetwork().listen,
    listenControl: () => Promise.reject(new Error("no sockets here")),
    askAgent: () => Promise.reject(new Error("no agent here")),
    onSignal(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const code = runCommand(context, { config: ["test.yaml"], set: [], watch });
  const kill = (signal: Signal) => {
    for (const listener of listeners) listener(signal);
  };
  return { world, file, code, kill, clock, stderr: () => stderr, settle: () => clock.advanceAsync(0), listeners };
}

/** As `command`, up to where it runs. */
async function running(options?: Parameters<typeof command>[0]) {
  const run = command(options);
  while (!run.stderr().includes("1.2.3 runs")) await run.settle();
  return run;
}

async function until(run: Awaited<ReturnType<typeof running>>, text: string) {
  for (let turn = 0; turn < 1000 && !run.stderr().includes(text); turn++) await run.settle();
  expect(run.stderr()).toContain(text);
}

describe("gostcol run", () => {
  it("says what listens where, which pipelines run, what becomes of the totals and how to reach it", async () => {
    const run = await running();
    expect(run.stderr()).toContain(`\
gostcol 1.2.3 runs with test.yaml
  own metrics: http://127.0.0.1:8888/metrics
  pipeline metrics: in -> change -> out
  state: in memory, so totals end with the process
to reach receiver in:
  send to here
`);
    run.kill("SIGTERM");
    await run.code;
  });

  it.each(["SIGTERM", "SIGINT"] as const)("drains on %s, and ends with its books and exit code 0", async (signal) => {
    const run = await running();
    send(run.world, metricsBatch(3));
    run.world.script["change"] = { consume: () => {} };
    send(run.world, metricsBatch(2));
    run.kill(signal);
    expect(await run.code).toBe(0);
    expect(run.stderr()).toContain(`${signal}: stopping`);
    expect(run.stderr()).toMatch(
      /receiver in +in 5 +out 5\n +processor change +in 5 +out 3 +dropped 2\n +exporter out +in 3 +out 3\n$/,
    );
    expect(run.world.journal).toContain("stop exporter:out");
    expect(run.listeners.size).toBe(0);
    expect(run.clock.liveTimers).toBe(0);
  });

  it("ends at once on a second signal", async () => {
    const run = await running();
    run.world.script["out"] = { stop: () => new Promise(() => {}) };
    run.kill("SIGTERM");
    await run.settle();
    run.kill("SIGTERM");
    expect(await run.code).toBe(1);
    expect(run.stderr()).toContain("ended at once");
  });

  it("names the component that cannot start, and ends with exit code 1", async () => {
    const world = fakeWorld();
    world.script["in"] = { start: () => Promise.reject(new Error("127.0.0.1:1 is in use already")) };
    const run = command({ world });
    expect(await run.code).toBe(1);
    expect(run.stderr()).toContain(
      "gostcol could not start: receiver in could not start: 127.0.0.1:1 is in use already",
    );
  });

  it("stops and ends with exit code 1 when a component cannot go on", async () => {
    const run = await running();
    run.world.deps.get("exporter:out")!.report({ state: "fatal_error", message: "the disk is gone" });
    expect(await run.code).toBe(1);
    expect(run.stderr()).toContain("gostcol cannot go on: exporter out: the disk is gone");
    expect(run.stderr()).toContain("in = out + dropped");
  });

  it("shows a bad configuration's errors, and ends with exit code 2", async () => {
    const run = command({ yaml: YAML.replace("exporters: [out]", "exporters: [ou]") });
    expect(await run.code).toBe(2);
    expect(run.stderr()).toMatch(/test\.yaml:8:\d+: error: /);
    expect(run.world.journal).toEqual([]);
  });

  it("goes on with what the file says now at SIGHUP, and says what is new", async () => {
    const run = await running();
    run.file.text = YAML.replace("exporters: { out: }", "exporters: { out:, out/2: }")
      .replace("exporters: [out]", "exporters: [out, out/2]")
      .replace("encoding: console", "encoding: console, level: warn");
    run.world.deps.get("exporter:out")!.log.info("before");
    run.kill("SIGHUP");
    await until(run, "reloaded;");
    expect(run.stderr()).toMatch(/SIGHUP: reloaded; added exporter:out\/2/);
    expect(send(run.world, metricsBatch(1))).toEqual({ taken: true });
    expect(run.world.journal.slice(-2)).toEqual(["consume exporter:out 1", "consume exporter:out/2 1"]);
    run.world.deps.get("exporter:out")!.log.info("after");
    expect(run.stderr()).toContain("before");
    expect(run.stderr()).not.toContain("after");
    run.kill("SIGINT");
    expect(await run.code).toBe(0);
    expect(run.stderr()).toMatch(/exporter out\/2 +in 1 +out 1/);
  });

  it("goes on as it was at SIGHUP when the file has mistakes, and shows each at its place", async () => {
    const run = await running();
    run.file.text = YAML.replace("exporters: [out]", "exporters: [ou]");
    run.kill("SIGHUP");
    await until(run, "not reloaded");
    expect(run.stderr()).toMatch(
      /^test\.yaml:8:\d+: error: .*SIGHUP: not reloaded, what ran before goes on: 1 error/ms,
    );
    expect(send(run.world, metricsBatch(1))).toEqual({ taken: true });
    run.file.text = YAML.replace("text: here", "text: there");
    run.kill("SIGHUP");
    await until(run, "reloaded; changed receiver:in");
    run.kill("SIGINT");
    expect(await run.code).toBe(0);
  });

  it("says who cannot start at SIGHUP, and goes on as it was", async () => {
    const run = await running();
    run.world.script["out/2"] = { start: () => Promise.reject(new Error("127.0.0.1:1 is in use already")) };
    run.file.text = YAML.replace("out: }", "out/2: }").replace("exporters: [out]", "exporters: [out/2]");
    run.kill("SIGHUP");
    await until(run, "not reloaded");
    expect(run.stderr()).toContain("exporter out/2 could not start: 127.0.0.1:1 is in use already");
    send(run.world, metricsBatch(1));
    expect(run.world.journal.at(-1)).toBe("consume exporter:out 1");
    run.kill("SIGINT");
    await run.code;
  });

  it("watches its file when it is to, and reloads once it has been written", async () => {
    const run = await running({ watch: true });
    await run.clock.advanceAsync(5_000);
    run.file.text = "receivers: {";
    await run.clock.advanceAsync(1_000);
    run.file.text = YAML.replace("text: here", "text: there");
    await run.clock.advanceAsync(1_000);
    expect(run.stderr()).not.toContain("reloaded");
    await run.clock.advanceAsync(1_000);
    await until(run, "reloaded; changed receiver:in");
    await run.clock.advanceAsync(5_000);
    expect(run.stderr().match(/reloaded/g)).toHaveLength(1);
    run.kill("SIGINT");
    expect(await run.code).toBe(0);
    expect(run.clock.liveTimers).toBe(0);
  });

  it("stops cleanly when it is asked to while it starts", async () => {
    const world = fakeWorld();
    world.script["out"] = { start: () => new Promise(() => {}) };
    const run = command({ world });
    while (!world.journal.includes("start exporter:out")) await run.settle();
    run.kill("SIGTERM");
    expect(await run.code).toBe(0);
    expect(world.journal).not.toContain("start receiver:in");
    expect(world.journal).toContain("stop exporter:out");
  });

  it("writes nothing but JSON lines where no person reads", async () => {
    const run = await running({
      yaml: YAML.replace("telemetry: { logs: { encoding: console } }", ""),
      terminal: false,
    });
    run.kill("SIGTERM");
    await run.code;
    const lines = run
      .stderr()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.at(-1)).toMatchObject({
      level: "info",
      tally: expect.arrayContaining([expect.objectContaining({ id: "in" })]),
    });
  });
});
