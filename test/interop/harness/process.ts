import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { onTestFailed, onTestFinished } from "vitest";

const STOP_TIMEOUT_MS = 10_000;
const OUTPUT_CHARACTERS_MAX = 1_000_000;
const TAIL_LINES = 60;

export interface Command {
  /** How log tails call it. */
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child process that ends with the running test at the latest; where the test fails, the tail of its output is shown. */
export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
  /** What it wrote so far. */
  stdout(): string;
  stderr(): string;
  readonly exited: Promise<Exit>;
  hasExited(): boolean;
  /** Sends a signal to this process alone and waits for its end. */
  end(signal: NodeJS.Signals): Promise<Exit>;
}

/** Starts a process and waits until `ready` resolves to true; it is asked again and again, and may throw. */
export async function startProcess(
  command: Command,
  ready: (process: RunningProcess) => Promise<boolean>,
  timeoutMs = 15_000,
): Promise<RunningProcess> {
  const running = launchProcess(command);
  const giveUpAt = Date.now() + timeoutMs;
  while (!(await ready(running).catch(() => false))) {
    if (running.hasExited()) {
      throw new Error(`${command.name} ended before it was ready:\n${tail(running.stderr() + running.stdout())}`);
    }
    if (Date.now() > giveUpAt) {
      throw new Error(
        `${command.name} was not ready in ${timeoutMs} ms:\n${tail(running.stderr() + running.stdout())}`,
      );
    }
    await sleep(20);
  }
  return running;
}

/** Starts a process and waits for its own end. */
export async function runToEnd(command: Command, input = ""): Promise<Exit & { stdout: string; stderr: string }> {
  const running = launchProcess(command, input);
  const exit = await running.exited;
  return { ...exit, stdout: running.stdout(), stderr: running.stderr() };
}

/** Starts a process, and waits for nothing. */
export function launchProcess(command: Command, input?: string): RunningProcess {
  const child = spawn(command.program, command.args, {
    cwd: command.folder,
    env: { ...process.env, ...command.environment },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.on("error", () => {}); // It need not read its input to the end.
  child.stdin.end(input ?? "");
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  let ended = false;
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      ended = true;
      resolve({ code, signal });
    });
  });
  const running: RunningProcess = {
    name: command.name,
    pid: child.pid ?? 0,
    stdout,
    stderr,
    exited,
    hasExited: () => ended,
    end(signal) {
      wasEnded = true;
      return endProcess(child, command.name, exited, signal);
    },
  };
  let wasEnded = false;
  onTestFailed(() => {
    if (wasEnded) return; // The test was through with it.
    // biome-ignore lint/suspicious/noConsole: this is where a person looks when a test failed.
    console.error(`--- ${command.name} (pid ${running.pid}), the end of its output:\n${tail(stdout() + stderr())}`);
  });
  onTestFinished(async () => {
    if (!ended && child.pid !== undefined) await running.end("SIGKILL");
  });
  return running;
}

async function endProcess(
  child: ChildProcess,
  name: string,
  exited: Promise<Exit>,
  signal: NodeJS.Signals,
): Promise<Exit> {
  child.kill(signal);
  const late = AbortSignal.timeout(STOP_TIMEOUT_MS);
  return Promise.race([
    exited,
    new Promise<never>((_, reject) =>
      late.addEventListener("abort", () => {
        child.kill("SIGKILL");
        reject(new Error(`${name} did not end within ${STOP_TIMEOUT_MS} ms of ${signal}`));
      }),
    ),
  ]);
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    text = (text + chunk).slice(-OUTPUT_CHARACTERS_MAX);
  });
  return () => text;
}

function tail(text: string): string {
  return text.trimEnd().split("\n").slice(-TAIL_LINES).join("\n");
}
