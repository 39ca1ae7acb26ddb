/** The edge to the process: the only file that reads arguments and environment, listens for signals, and exits. */
import { mkdtemp, rm } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import manifest from "../package.json" with { type: "json" };
import type { CliContext, TemporaryFolder } from "./cli/context.ts";
import { EXIT } from "./cli/exit-codes.ts";
import { runProgram } from "./cli/program.ts";
import { createTransport } from "./kit/client/transport.ts";
import { createAskAgent } from "./kit/control/control-client.ts";
import { createListenControl } from "./kit/control/control-server.ts";
import { createListen } from "./kit/server/listen.ts";
import { followHeap, setHeapFlags } from "./lib/heap-flags.ts";
import { systemClock } from "./lib/system-clock.ts";
import { readTextFile } from "./lib/system-files.ts";
import { systemMemory } from "./lib/system-memory.ts";
import { systemRandom } from "./lib/system-random.ts";
import { registry } from "./registry.ts";

const NODE_MAJOR_MIN = 24;
/** For so long an agent that was told to end waits for whoever reads its output. */
const FLUSH_TIMEOUT_MS = 1000;
/** Of a young heap there is nothing to tell, and what tells it takes its time to load. */
const HEAP_FOLLOWED_AFTER_MS = 1000;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** Any long time: the timer only keeps the process from ending while a command waits for something that does not. */
const KEEP_ALIVE_PERIOD_MS = 2 ** 30;

// Without `await`, which the bundle, a CommonJS module, cannot have here.
void main().then((exitCode) => process.exit(exitCode));

async function main(): Promise<number> {
  if (Number(process.versions.node.split(".")[0]) < NODE_MAJOR_MIN) {
    process.stderr.write(`gostcol needs Node.js ${NODE_MAJOR_MIN} or newer; this is ${process.versions.node}.\n`);
    return EXIT.usage;
  }
  setHeapFlags();
  setTimeout(followHeap, HEAP_FOLLOWED_AFTER_MS).unref();
  // Whoever reads our output may leave before the end (`gostcol schema | head`): there is nothing to be said about it.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  const keepAlive = setInterval(() => {}, KEEP_ALIVE_PERIOD_MS);
  let endsWhenTold = false;
  const onListening = () => {
    endsWhenTold = true;
  };
  try {
    return await runProgram(processContext(onListening), process.argv.slice(2));
  } catch (thrown) {
    process.stderr.write(
      `gostcol failed: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}\n`,
    );
    return EXIT.failure;
  } finally {
    clearInterval(keepAlive);
    const timeoutMs = endsWhenTold ? FLUSH_TIMEOUT_MS : undefined;
    await Promise.all([flushed(process.stdout, timeoutMs), flushed(process.stderr, timeoutMs)]);
  }
}

/** `onListening` hears of a command that goes on until a signal tells it to end. */
function processContext(onListening: () => void): CliContext {
  return {
    registry,
    environment: process.env,
    workingDirectory: process.cwd(),
    readFile: (path, signal) => readTextFile(resolve(path), signal),
    temporaryFolder,
    hostName: hostname(),
    version: manifest.version,
    print: (text) => process.stdout.write(text),
    printError: (text) => process.stderr.write(text),
    unreadBytes: { print: () => process.stdout.writableLength, printError: () => process.stderr.writableLength },
    errorIsTerminal: process.stderr.isTTY === true,
    outputIsTerminal: process.stdout.isTTY === true,
    clock: systemClock,
    random: systemRandom(),
    listen: createListen({ clock: systemClock }),
    transport: createTransport({ clock: systemClock }),
    memory: systemMemory([...(process.env["NODE_OPTIONS"]?.split(" ") ?? []), ...process.execArgv]),
    listenControl: createListenControl({ clock: systemClock }),
    askAgent: createAskAgent({ clock: systemClock }),
    onSignal(listener) {
      onListening();
      const listeners = SIGNALS.map((signal) => [signal, () => listener(signal)] as const);
      for (const [signal, onSignal] of listeners) process.on(signal, onSignal);
      return () => {
        for (const [signal, onSignal] of listeners) process.off(signal, onSignal);
      };
    },
  };
}

async function temporaryFolder(name: string): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), `${name}-`));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/**
 * Pipes may still hold what was written. A reader that ended counts as having had it all; one that takes its time, as
 * `less` does, is waited for, unless this process was told to end.
 */
function flushed(stream: NodeJS.WriteStream, timeoutMs: number | undefined): Promise<void> {
  return new Promise((done) => {
    if (timeoutMs !== undefined) setTimeout(done, timeoutMs);
    stream.write("", () => done());
  });
}
