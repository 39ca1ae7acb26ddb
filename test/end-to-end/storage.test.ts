import { readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { getText, gostcolCommand } from "../interop/harness/gostcol.ts";
import { freePorts } from "../interop/harness/ports.ts";
import { runToEnd, startProcess } from "../interop/harness/process.ts";
import { temporaryFolder } from "../interop/harness/temporary-folder.ts";

// Whose state is whose, by the built program: after changes of the configuration, and by hand.

const SUM = "delta_to_cumulative";

test("a processor that enters a second pipeline keeps its totals in the first, through a reload and restarts", async () => {
  const world = await worldOf({ a: SUM });
  let agent = await world.start();
  await world.report(100);
  await world.configure({ b: SUM, a: SUM });
  await agent.reload();
  await world.report(11);
  expect(await world.totals()).toEqual({ [`${SUM}@metrics/a`]: 111, [`${SUM}@metrics/b`]: 11 });
  await agent.end("SIGKILL");
  await world.configure({ b: SUM });
  agent = await world.start();
  await world.report(1);
  expect(await world.totals()).toEqual({ [SUM]: 12, [`${SUM}@metrics/a`]: 111 });
  expect(agent.stderr()).toContain(`nobody uses the state of processor:${SUM}@metrics/a`);
});

test("where several could be meant the log names the command that decides it, and it does", async () => {
  const world = await worldOf({ a: `${SUM}/1`, b: `${SUM}/2` });
  const first = await world.start();
  await world.report(100);
  await first.end("SIGTERM");
  await world.configure({ a: `${SUM}/3`, b: `${SUM}/4` });
  const second = await world.start();
  await world.report(11);
  expect(await world.totals()).toMatchObject({ [`${SUM}/1`]: 100, [`${SUM}/3`]: 11 });
  const [, command] = /run: gostcol (storage move [^"]*)"/.exec(second.stderr())!;
  expect(command).toBe(`storage move --replace processor:${SUM}/1 processor:${SUM}/3`);
  expect(await world.run(command!)).toMatchObject({ code: 1, stderr: expect.stringContaining("stop that first") });
  await second.end("SIGTERM");

  expect(await world.run(command!.replace("--replace ", ""))).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("With --replace it is set aside"),
  });
  expect(await world.run(command!)).toMatchObject({ code: 0, stderr: "" });
  expect(await world.totals()).toEqual({ [`${SUM}/2`]: 100, [`${SUM}/3`]: 100, [`${SUM}/4`]: 11 });
  expect((await world.run("storage check")).stdout).toMatch(/Rows that were set aside, in the table set_aside: [1-9]/);
  await world.start();
  await world.report(1);
  expect(await world.totals()).toMatchObject({ [`${SUM}/3`]: 101 });
});

test("storage check tells a whole store from a damaged one, and whose state is used", async () => {
  const world = await worldOf({ a: SUM });
  const agent = await world.start();
  await world.report(100);
  const beside = await world.run("storage check");
  expect(beside).toMatchObject({ code: 0, stderr: "" });
  expect(beside.stdout).toContain("An agent runs on it: gostcol ");
  expect(beside.stdout).toMatch(/It is whole: \d+ rows/);
  await agent.end("SIGTERM");
  await world.configure({ a: `${SUM}/new` });
  const unused = await world.run("storage check");
  expect(unused.stdout).toMatch(new RegExp(`processor:${SUM} +\\d+ +.* +NO$`, "m"));
  expect(unused.stdout).toContain(`gostcol storage move processor:${SUM} processor:${SUM}/new`);

  const file = join(world.folder, "data", "gostcol.db");
  const bytes = readFileSync(file, "latin1");
  writeFileSync(file, bytes.replaceAll("alice", "alicf"), "latin1");
  const damaged = await world.run("storage check");
  expect(damaged.code).toBe(1);
  expect(damaged.stdout).toMatch(/DAMAGED: the checksum of \d+ of \d+ rows does not fit/);
  expect(await world.run("totals")).toMatchObject({ code: 1, stderr: expect.stringContaining("storage check") });

  writeFileSync(file, "this is no database at all, is it?".repeat(100));
  expect(await world.run("storage check")).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^The store .* cannot be read: it is no SQLite database/),
  });
});

test("what cannot be moved or checked is said, and changes nothing", async () => {
  const world = await worldOf({ a: SUM });
  const agent = await world.start();
  await world.report(1);
  await agent.end("SIGTERM");
  const refused = [
    ["move processor:nobody/x processor:nobody", 2, /Nothing in .* is the state of processor:nobody\/x/],
    [`move processor:${SUM}x processor:dedupe`, 2, /Only components of one type/],
    [`move processor:${SUM}/x processor:${SUM}`, 2, /Did you mean processor:delta_to_cumulative/],
    [`move processor:${SUM} processor:${SUM}`, 2, /Both names are the same/],
    [`move processor:${SUM}`, 2, /missing required argument/],
    ["check --folder nowhere", 1, /^There is no store in /],
  ] as const;
  for (const [args, code, message] of refused) {
    expect(await world.run(`storage ${args}`)).toMatchObject({
      code,
      stdout: "",
      stderr: expect.stringMatching(message),
    });
  }
  expect(await world.totals()).toEqual({ [SUM]: 1 });
});

/** Pipelines by name, each with the id of the processor that makes its totals. */
type Pipelines = Readonly<Record<string, string>>;

async function worldOf(pipelines: Pipelines) {
  const folder = await temporaryFolder("storage");
  const [receiver, ...metrics] = (await freePorts(3)) as [number, number, number];
  const configure = async (pipelines: Pipelines) =>
    writeFileSync(join(folder, "gostcol.yaml"), configText(pipelines, { receiver, metrics }));
  await configure(pipelines);
  const run = (args: string) => runToEnd(gostcolCommand(args.split(" "), folder));
  return {
    folder,
    configure,
    run,
    async start() {
      const agent = await startProcess(gostcolCommand(["run"], folder), async () => {
        await getText(`http://127.0.0.1:${metrics[0]}/metrics`);
        return true;
      });
      return {
        ...agent,
        async reload() {
          process.kill(agent.pid, "SIGHUP");
          await expect.poll(agent.stderr, { timeout: 10_000 }).toContain("reloaded;");
        },
      };
    },
    async report(inputBytes: number) {
      const counts = { totalConns: 1, currentConns: 0, inputBytes, outputBytes: 0, totalErrs: 0 };
      const event = { kind: "handler", service: "web", client: "alice", type: "stats", stats: counts };
      const url = `http://127.0.0.1:${receiver}/observer/${hostname()}?temporality=delta`;
      const answer = await fetch(url, { method: "POST", body: JSON.stringify({ events: [event] }) });
      expect(answer.status).toBe(200);
    },
    /** What alice has sent, by whose total it is. */
    async totals(): Promise<Record<string, number>> {
      const listed = JSON.parse((await run("totals --format json")).stdout) as Record<string, unknown>[];
      const received = listed.filter(({ direction }) => direction === "receive");
      return Object.fromEntries(
        received.map(({ state, total }) => [String(state).replace("processor:", ""), total as number]),
      );
    },
  };
}

function configText(
  pipelines: Pipelines,
  ports: { readonly receiver: number; readonly metrics: readonly number[] },
): string {
  const each = <T>(keys: readonly string[], make: (key: string, index: number) => T) =>
    Object.fromEntries(keys.map((key, index) => [key, make(key, index)]));
  const names = Object.keys(pipelines);
  return stringify({
    receivers: { gost: { endpoint: `127.0.0.1:${ports.receiver}` } },
    processors: each([...new Set(Object.values(pipelines))], () => null),
    exporters: each(
      names.map((_, index) => `prometheus/${index}`),
      (_, index) => ({ endpoint: `127.0.0.1:${ports.metrics[index]}` }),
    ),
    extensions: { file_storage: { directory: "./data", create_directory: true } },
    service: {
      extensions: ["file_storage"],
      telemetry: { metrics: { level: "none" } },
      pipelines: each(
        names.map((name) => `metrics/${name}`),
        (_, index) => ({
          receivers: ["gost"],
          processors: [pipelines[names[index]!]],
          exporters: [`prometheus/${index}`],
        }),
      ),
    },
  });
}
