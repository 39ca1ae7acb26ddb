import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { noTransport } from "../kit/client/transport.ts";
import { createListen } from "../kit/server/listen.ts";
import { seededRandom } from "../lib/random.ts";
import { systemClock } from "../lib/system-clock.ts";
import { registry } from "../registry.ts";
import type { CliContext } from "./context.ts";
import { demoCommand } from "./demo.ts";

const CLIENTS = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy"];

test("the demo counts what its GOSTs moved, through lost answers and restarts, and tells so", async () => {
  const { context, output } = capturing();
  expect(await demoCommand(context, { seconds: 6 })).toBe(0);
  const text = output();
  for (const client of CLIENTS) expect(text).toMatch(new RegExp(`^${client} +edge-`, "m"));
  const last = text.slice(text.lastIndexOf("all bytes of"));
  expect(last).toContain("Difference, every single total compared: 0\n");
  expect(last).toMatch(/Thrown at it: [1-9]\d* restarts? of GOST by SIGKILL, [1-9]\d* lost answers? /);
  expect(last).toContain("; 0 wait for their report\n");
  expect(last).toMatch(/curl http:\/\/127\.0\.0\.1:\d+\/metrics/);
  expect(text).toContain("observer.resetTraffic: true");
  expect(text).not.toContain("\x1b");
});

test("on a terminal the demo draws in one place until it is interrupted, and ends with exact totals", async () => {
  const { context, output, interrupt } = capturing({ outputIsTerminal: true });
  setTimeout(interrupt, 3000);
  expect(await demoCommand(context, {})).toBe(0);
  expect(output()).toContain("A\x1b[J");
});

function capturing(changes: Partial<CliContext> = {}) {
  let text = "";
  let listener: (signal: "SIGINT") => void = () => {};
  const context: CliContext = {
    registry,
    environment: {},
    workingDirectory: ".",
    readFile: (path) => Promise.reject(new Error(`nothing is to be read: ${path}`)),
    async temporaryFolder(name) {
      const path = await mkdtemp(join(tmpdir(), name));
      return { path, remove: () => rm(path, { recursive: true }) };
    },
    hostName: "demo",
    version: "0.0.0",
    print(more) {
      text += more;
    },
    printError(message) {
      throw new Error(message);
    },
    unreadBytes: { print: () => 0, printError: () => 0 },
    errorIsTerminal: false,
    outputIsTerminal: false,
    clock: systemClock,
    random: seededRandom(4),
    transport: noTransport,
    listen: createListen({ clock: systemClock }),
    listenControl: () => Promise.reject(new Error("no sockets here")),
    askAgent: () => Promise.reject(new Error("no agent here")),
    onSignal(heard) {
      listener = heard;
      return () => {};
    },
    ...changes,
  };
  return { context, output: () => text, interrupt: () => listener("SIGINT") };
}
