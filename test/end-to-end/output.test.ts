import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { reportJson } from "../../src/simulate/report.ts";
import { gostcolCommand } from "../interop/harness/gostcol.ts";
import { freePorts } from "../interop/harness/ports.ts";
import type { Command } from "../interop/harness/process.ts";
import { temporaryFolder } from "../interop/harness/temporary-folder.ts";

// What a process wrote to a pipe can wait for its reader beyond the end of its work.

test("who reads slowly gets all of it, whole", async () => {
  const command = gostcolCommand(["schema"], ".");
  const { stdout: whole } = await promisify(execFile)(command.program, command.args);
  const child = startUnread(command);
  await sleep(3000);
  let read = "";
  for await (const part of child.stdout.setEncoding("utf8")) read += part as string;
  expect(whole.length).toBeGreaterThan(200_000); // More than a pipe holds.
  expect(read).toBe(whole);
});

test("an agent that was told to end does not wait for one who reads nothing", async () => {
  const folder = await temporaryFolder("unread");
  const [port] = (await freePorts(1)) as [number];
  await writeFile(join(folder, "gostcol.yaml"), yaml(port));
  const child = startUnread(gostcolCommand(["run", "--config", "gostcol.yaml"], folder));
  const exited = once(child, "exit");
  const body = reportJson(
    Array.from({ length: 2000 }, (_, index) => ({
      kind: "handler",
      service: "web",
      client: `client-${index}`,
      type: "stats",
      stats: { totalConns: 1, currentConns: 0, inputBytes: 1, outputBytes: 1, totalErrs: 0 },
    })),
  );
  const url = `http://127.0.0.1:${port}/observer?temporality=cumulative`;
  await expect
    .poll(() =>
      fetch(url, { method: "POST", body })
        .then(({ status }) => status)
        .catch(() => 0),
    )
    .toBe(200);
  child.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
});

/** Of its output nothing is read but what the test reads. */
function startUnread({ program, args, folder }: Command) {
  const child = spawn(program, args, { cwd: folder, stdio: ["ignore", "pipe", "ignore"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

const yaml = (port: number) => `
receivers: { gost: { endpoint: "127.0.0.1:${port}" } }
exporters: { debug: { verbosity: detailed } }
service:
  telemetry: { metrics: { level: none } }
  pipelines: { metrics: { receivers: [gost], exporters: [debug] } }
`;
