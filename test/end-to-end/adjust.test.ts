import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { type Gostcol, type GostcolPorts, gostcolCommand, startGostcol } from "../interop/harness/gostcol.ts";
import { runToEnd } from "../interop/harness/process.ts";
import { temporaryFolder } from "../interop/harness/temporary-folder.ts";

// Corrections of totals by the built program: through a running agent, into the store without one, and in between.

test("a correction goes through the agent, or into the store where none runs, and is shown", async () => {
  const storeFolder = await temporaryFolder("store");
  const first = await startGostcol({ storeFolder });
  await report(first.ports, 1000);
  expect(await adjust(storeFolder, "-300", "refund")).toMatchObject({
    code: 0,
    stderr: "",
    stdout: expect.stringContaining("counted 1000 B, all corrections -300 B, to bill 700 B"),
  });
  expect(await shownAdjustment(first)).toBe(-300);
  await first.process.end("SIGKILL");
  expect(await adjust(storeFolder, "+50", "a bit of it back")).toMatchObject({ code: 0, stderr: "" });

  const second = await startGostcol({ storeFolder, ports: first.ports });
  expect(await shownAdjustment(second)).toBe(-250);
  expect((await second.accounts())[`${hostname()} web alice`]).toMatchObject({ input: 1000 });
  await second.process.end("SIGTERM");
  expect(await list(storeFolder, "adjustments")).toMatchObject([
    { client: "alice", direction: "receive", by: -300, reason: "refund" },
    { client: "alice", direction: "receive", by: 50, reason: "a bit of it back" },
  ]);
  expect(await list(storeFolder)).toMatchObject([{ total: 1000, adjustment: -250, billable: 750 }, { total: 0 }]);
});

test.each([
  {
    by: "-1001",
    message: /^Not corrected: that would leave less than nothing: at most 1000 can be taken off\.\n$/,
    code: 1,
  },
  { by: "0", message: /A number of bytes other than 0 is needed/, code: 2 },
  { by: "much", message: /A number of bytes other than 0 is needed/, code: 2 },
  { by: "1", more: ["--client", "bob"], message: /^There is no such total/, code: 2 },
])("a correction by $by is refused, with or without an agent: $code", async ({ by, more = [], message, code }) => {
  const storeFolder = await temporaryFolder("store");
  const agent = await startGostcol({ storeFolder });
  await report(agent.ports, 1000);
  const refused = { code, stdout: "", stderr: expect.stringMatching(message) };
  expect(await adjust(storeFolder, by, "test", ...more)).toMatchObject(refused);
  await agent.process.end("SIGTERM");
  expect(await adjust(storeFolder, by, "test", ...more)).toMatchObject(refused);
  expect(await list(storeFolder, "adjustments")).toEqual([]);
});

test("corrections made at once, under load and while the agent is killed, each count once", async () => {
  const storeFolder = await temporaryFolder("store");
  let agent = await startGostcol({ storeFolder });
  const { ports } = agent;
  await report(ports, 1000);
  let moved = 1000;
  let sending = true;
  const sender = (async () => {
    for (let bytes = 1; sending; bytes++) {
      while ((await trySending(ports, bytes)) !== 200) await sleep(5);
      moved += bytes;
    }
  })();
  const corrections = [1, 2, 4, 8, 16, 32];
  const adjusting = Promise.all(corrections.map((by) => adjust(storeFolder, String(by), `by ${by}`)));
  await sleep(100);
  await agent.process.end("SIGKILL");
  agent = await startGostcol({ storeFolder, ports });
  const ended = await adjusting;
  sending = false;
  await sender;
  expect(ended.map(({ code, stderr }) => [code, stderr])).toEqual(corrections.map(() => [0, ""]));
  expect(await shownAdjustment(agent)).toBe(63);
  expect(await list(storeFolder)).toMatchObject([{ total: moved, adjustment: 63, billable: moved + 63 }, { total: 0 }]);
});

function adjust(folder: string, by: string, reason: string, ...more: readonly string[]) {
  const which = ["--folder", folder, "--service", "web", "--client", "alice", "--direction", "receive"];
  return runToEnd(gostcolCommand(["totals", "adjust", ...which, "--by", by, "--reason", reason, ...more], folder));
}

async function list(folder: string, ...what: readonly string[]): Promise<Record<string, unknown>[]> {
  const { stdout } = await runToEnd(
    gostcolCommand(["totals", ...what, "--folder", folder, "--format", "json"], folder),
  );
  return JSON.parse(stdout) as Record<string, unknown>[];
}

async function shownAdjustment(agent: Gostcol): Promise<number | undefined> {
  return (await agent.scrape()).find(({ name }) => name === "gost_client_io_adjustment_bytes")?.value;
}

async function report(ports: GostcolPorts, inputBytes: number): Promise<void> {
  expect(await trySending(ports, inputBytes)).toBe(200);
}

/** One report of alice's, as GOST sends it; 0 where no answer came. */
async function trySending(ports: GostcolPorts, inputBytes: number): Promise<number> {
  const counts = { totalConns: 1, currentConns: 0, inputBytes, outputBytes: 0, totalErrs: 0 };
  const event = { kind: "handler", service: "web", client: "alice", type: "stats", stats: counts };
  try {
    const url = `http://127.0.0.1:${ports.receiver}/observer?temporality=delta`;
    const answer = await fetch(url, { method: "POST", body: JSON.stringify({ events: [event] }) });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return 0;
  }
}
