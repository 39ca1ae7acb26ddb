import { execFile } from "node:child_process";
import { hostname } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { checksumOf } from "../../src/kit/store/store-tables.ts";
import { type GostcolPorts, gostcolCommand, startGostcol } from "../interop/harness/gostcol.ts";
import { runToEnd } from "../interop/harness/process.ts";
import { temporaryFolder } from "../interop/harness/temporary-folder.ts";

// What an operator reads of the totals, from the built program: beside an agent, and without one.

test("totals are the same while the agent runs, after SIGKILL and after a stop", async () => {
  const storeFolder = await temporaryFolder("store");
  const first = await startGostcol({ storeFolder });
  expect(await totals(storeFolder)).toMatchObject({
    code: 0,
    rows: [],
    stderr: expect.stringContaining("No totals yet"),
  });
  await report(first.ports, [stats("alice", 100, 200), stats("bob", 7, 0)]);
  const expected = {
    code: 0,
    stderr: "",
    rows: ["alice receive 100", "alice transmit 200", "bob receive 7", "bob transmit 0"],
  };
  expect(await totals(storeFolder)).toEqual(expected);
  await first.process.end("SIGKILL");
  expect(await totals(storeFolder)).toEqual(expected);

  const second = await startGostcol({ storeFolder, ports: first.ports });
  expect(await totals(storeFolder, "--client", "bob")).toMatchObject({ rows: ["bob receive 7", "bob transmit 0"] });
  await report(first.ports, [stats("alice", 11, 22)]);
  const after = { ...expected, rows: ["alice receive 111", "alice transmit 222", ...expected.rows.slice(2)] };
  expect(await totals(storeFolder)).toEqual(after);
  await second.process.end("SIGTERM");
  expect(await totals(storeFolder)).toEqual(after);
});

test("100,000 totals are read in little memory", async () => {
  const storeFolder = await temporaryFolder("store");
  const first = await startGostcol({ storeFolder });
  await report(first.ports, [stats("client-00000", 1, 2)]);
  await first.process.end("SIGTERM");
  multiply(join(storeFolder, "gostcol.db"), "client-00000", 50_000);
  const { args } = gostcolCommand(["totals", "--folder", storeFolder, "--format", "csv"], storeFolder);
  const env = { ...process.env, NODE_OPTIONS: "--max-old-space-size=64" };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { env, maxBuffer: 2 ** 30 });
  const lines = stdout.split("\n").slice(1, -1);
  expect([stderr, lines.length, new Set(lines).size]).toEqual(["", 100_000, 100_000]);
});

/** Puts as many clients in the place of one, by whose name they differ: to report them all would take a while. */
function multiply(file: string, client: string, count: number): void {
  const database = new DatabaseSync(file);
  const select = database.prepare("SELECT scope, key, CAST(value AS BLOB) AS value FROM rows WHERE instr(key, ?)");
  const insert = database.prepare("REPLACE INTO rows (scope, key, value, checksum) VALUES (?, ?, ?, ?)");
  database.exec("BEGIN");
  for (const { scope, key, value } of select.all(client) as { scope: number; key: string; value: Uint8Array }[]) {
    for (let index = 0; index < count; index++) {
      const name = client.slice(0, -5) + String(index).padStart(5, "0");
      const copy = Buffer.from(Buffer.from(value).toString("latin1").replace(client, name), "latin1");
      const copyKey = key.replace(client, name);
      insert.run(scope, copyKey, copy, checksumOf(scope, copyKey, copy));
    }
  }
  database.exec("COMMIT");
  database.close();
}

test.each([
  { args: ["--folder", "nowhere"], code: 1, message: /^There is no store in .*nowhere\.\n$/ },
  { args: ["--config", "missing.yaml"], code: 2, message: /missing\.yaml/ },
  { args: ["--set", "service.extensions=[]"], code: 2, message: /keeps its totals in memory/ },
  { args: ["--format", "xml"], code: 2, message: /table, csv, json/ },
])("gostcol totals $args ends with $code and says why", async ({ args, code, message }) => {
  const folder = await temporaryFolder("totals");
  const ended = await runToEnd(gostcolCommand(["totals", ...args], folder));
  expect(ended).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(message) });
});

interface Listed {
  readonly client: string;
  readonly direction: string;
  readonly total: number;
}

async function totals(folder: string, ...args: readonly string[]) {
  const command = gostcolCommand(["totals", "--folder", folder, "--format", "json", ...args], folder);
  const { code, stdout, stderr } = await runToEnd(command);
  const rows = (JSON.parse(stdout) as Listed[]).map(
    ({ client, direction, total }) => `${client} ${direction} ${total}`,
  );
  return { code, stderr, rows };
}

function stats(client: string, inputBytes: number, outputBytes: number): object {
  const counts = { totalConns: 1, currentConns: 0, inputBytes, outputBytes, totalErrs: 0 };
  return { kind: "handler", service: "web", client, type: "stats", stats: counts };
}

async function report(ports: GostcolPorts, events: readonly object[]): Promise<void> {
  const url = `http://127.0.0.1:${ports.receiver}/observer/${hostname()}?temporality=delta`;
  const answer = await fetch(url, { method: "POST", body: JSON.stringify({ events }) });
  expect(answer.status).toBe(200);
}
