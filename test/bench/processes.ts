import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { connect, createServer, type Socket } from "node:net";

/** A process under measurement, on a port of its own. */
export interface Measured {
  readonly pid: number;
  /** When it was started, as `performance.now` tells. */
  readonly startedAt: number;
  readonly port: number;
  /** Everything it wrote to its standard error, for when it does not come up. */
  stderr(): string;
  stop(): Promise<void>;
  /** Without a word. */
  kill(): Promise<void>;
}

/** Starts a Node program and does not wait for it. */
export function startProcess(argv: readonly string[], port: number, environment: NodeJS.ProcessEnv = {}): Measured {
  return startProgram(process.execPath, argv, port, environment);
}

/** Starts any program and does not wait for it. */
export function startProgram(
  program: string,
  argv: readonly string[],
  port: number,
  environment: NodeJS.ProcessEnv = {},
): Measured {
  const child = spawn(program, argv, {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...environment },
  });
  // The fork, which takes the longer the larger this process is, is not the program's.
  const startedAt = performance.now();
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (chunk) => {
    stderr = (stderr + chunk).slice(-10_000);
  });
  return {
    pid: child.pid!,
    startedAt,
    port,
    stderr: () => stderr,
    stop: () => stopped(child, "SIGTERM"),
    kill: () => stopped(child, "SIGKILL"),
  };
}

async function stopped(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal); // SIGTERM where there is time: Node writes its compile cache at the end.
  const impatience = setTimeout(() => child.kill("SIGKILL"), 5000);
  await exited;
  clearTimeout(impatience);
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("a TCP server has an address with a port");
  return address.port;
}

/** Answers once the process takes a POST on its port; by trying every millisecond. */
export async function firstAnswer({ port, stderr }: Measured, path: string, body: string): Promise<void> {
  const giveUpAt = performance.now() + 10_000;
  for (;;) {
    try {
      const status = await posted(await connected(port), path, body);
      if (status === 200) return;
      throw new Error(`POST ${path} answered ${status}`);
    } catch (error) {
      if (performance.now() > giveUpAt) throw new Error(`no answer on port ${port}\n${stderr()}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

/** Without a client of HTTP, which has so much to do for each refused connection that it keeps a core busy. */
function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket));
    socket.on("error", reject);
  });
}

function posted(socket: Socket, path: string, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request({ path, method: "POST", createConnection: () => socket });
    call.on("error", reject);
    call.on("response", (response) => {
      response.resume().on("end", () => resolve(response.statusCode!));
    });
    call.end(body);
  });
}

/** CPU seconds that a process has used, as Linux counts them (in steps of 10 ms). */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

export function residentMebibytes(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kibibytes) / 1024;
}
