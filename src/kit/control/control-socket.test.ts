import { linkSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { NEVER } from "../../lib/abort.ts";
import { systemClock } from "../../lib/system-clock.ts";
import { virtualClock } from "../../lib/virtual-clock.ts";
import { createAskAgent } from "./control-client.ts";
import { createListenControl } from "./control-server.ts";
import type { ControlHandler } from "./messages.ts";
import { reachableFolder } from "./socket-path.ts";

function testFolder(...names: readonly string[]): string {
  const root = mkdtempSync(join(tmpdir(), "gostcol-control-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const folder = join(root, ...names);
  mkdirSync(folder, { recursive: true });
  return folder;
}

const echo: ControlHandler = async (request) => ({ type: "done", value: request });

async function listening(folder: string, handler = echo, clock = systemClock) {
  const server = await createListenControl({ clock })(folder, handler, NEVER);
  onTestFinished(() => server.close(AbortSignal.abort()));
  return server;
}

const ask = createAskAgent({ clock: systemClock });

/** What a peer gets that writes this and ends, or does not end. */
function sent(folder: string, text: string, { ends = true } = {}): Promise<string> {
  return new Promise((resolve) => {
    let got = "";
    const socket = connect(join(folder, "gostcol.sock"), () => (ends ? socket.end(text) : socket.write(text)));
    socket.on("data", (chunk) => {
      got += String(chunk);
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(got));
  });
}

test("a request is answered, and only the agent's own user may ask", async () => {
  const folder = testFolder();
  await listening(folder);
  expect(await ask(folder, { command: "x", text: "a\nb 🦊" }, NEVER)).toEqual({
    type: "done",
    value: { command: "x", text: "a\nb 🦊" },
  });
  expect(statSync(join(folder, "gostcol.sock")).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["gostcol.sock"]);
});

test("many at once are all answered, or find the connection ended", async () => {
  const folder = testFolder();
  await listening(folder);
  const answers = await Promise.allSettled(Array.from({ length: 50 }, (_, index) => ask(folder, { index }, NEVER)));
  const ended = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason.type] : []));
  expect(answers.length - ended.length).toBeGreaterThanOrEqual(16);
  expect(new Set(ended).size).toBeLessThanOrEqual(1);
  for (const type of ended) expect(type).toBe("broken");
});

test("a folder with a path that no socket's address can hold is reached all the same", async () => {
  const folder = testFolder("long-".repeat(20), "longer-".repeat(20));
  await listening(folder);
  expect(await ask(folder, 1, NEVER)).toEqual({ type: "done", value: 1 });
  expect(lstatSync(join(folder, "gostcol.sock")).isSocket()).toBe(true);
});

test("where the system has no short name for such a folder, that is the error", () => {
  expect(() => reachableFolder(`/${"x".repeat(100)}`, "gostcol.sock", "darwin")).toThrow("and 103 is the most");
});

test("nobody listens: where there is no socket, no folder, or what a killed agent left", async () => {
  const folder = testFolder();
  await expect(ask(folder, 1, NEVER)).rejects.toMatchObject({ type: "absent" });
  await expect(ask(join(folder, "none"), 1, NEVER)).rejects.toMatchObject({ type: "absent" });
  await leaveSocket(folder);
  await expect(ask(folder, 1, NEVER)).rejects.toMatchObject({ type: "absent" });
});

test("what a killed agent left is replaced, also when it was killed while it made it", async () => {
  const folder = testFolder();
  await leaveSocket(folder);
  mkdirSync(join(folder, "gostcol.sock.new"));
  await leaveSocket(join(folder, "gostcol.sock.new"));
  await listening(folder);
  expect(await ask(folder, 1, NEVER)).toEqual({ type: "done", value: 1 });
  expect(readdirSync(folder)).toEqual(["gostcol.sock"]);
});

test("somebody's file of that name is left alone", async () => {
  const folder = testFolder();
  writeFileSync(join(folder, "gostcol.sock"), "mine");
  await expect(listening(folder)).rejects.toThrow("gostcol.sock is there, and is no socket");
  expect(readdirSync(folder)).toEqual(["gostcol.sock"]);
});

test("the socket goes when the server is closed, and what is under way is answered first", async () => {
  const folder = testFolder();
  const slow = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const server = await listening(folder, async () => {
    begun.resolve();
    await slow.promise;
    return { type: "done", value: "late" };
  });
  const asked = ask(folder, 1, NEVER);
  await begun.promise;
  const closed = server.close(NEVER);
  expect(readdirSync(folder)).toEqual([]);
  slow.resolve();
  expect(await asked).toEqual({ type: "done", value: "late" });
  await closed;
});

test("at the deadline whoever is not answered yet is left", async () => {
  const folder = testFolder();
  const begun = Promise.withResolvers<void>();
  const server = await listening(folder, () => {
    begun.resolve();
    return new Promise(() => {});
  });
  const asked = ask(folder, 1, NEVER);
  await begun.promise;
  await server.close(AbortSignal.abort());
  await expect(asked).rejects.toMatchObject({ type: "broken" });
});

test.each([
  ["not JSON\n", "a request is one line of JSON"],
  ["x".repeat(70_000), "a request has at most 65536 bytes"],
  [`"${"x".repeat(70_000)}"\n`, "a request has at most 65536 bytes"],
])("%.10j is refused", async (text, message) => {
  const folder = testFolder();
  await listening(folder);
  expect(JSON.parse(await sent(folder, text, { ends: false }))).toEqual({ type: "refused", message });
});

test("whoever says nothing, or only half of it, is left", async () => {
  const folder = testFolder();
  const clock = virtualClock();
  await listening(folder, echo, clock);
  const silent = sent(folder, "", { ends: false });
  const half = sent(folder, "{", { ends: false });
  while (clock.liveTimers < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  clock.advance(5000);
  expect(await Promise.all([silent, half, sent(folder, "{")])).toEqual(["", "", ""]);
});

/** As after a kill: the file is there, and nobody listens. */
async function leaveSocket(folder: string): Promise<void> {
  const path = join(folder, "gostcol.sock");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`${path}.tmp`, resolve));
  linkSync(`${path}.tmp`, path);
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
