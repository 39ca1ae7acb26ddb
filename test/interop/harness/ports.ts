import { createServer, type ListenOptions, type Server } from "node:net";
import { onTestFinished } from "vitest";

// Below the range from which the kernel takes ports for outgoing connections: a GOST that is killed and started again
// must find its ports free.
const FIRST = 20_000;
const COUNT = 12_000;

/** Ports of loopback that nobody listens on, all different, and nobody else's until the running test ends. */
export async function freePorts(count: number): Promise<number[]> {
  const found: number[] = [];
  while (found.length < count) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if ((await reserve(port)) && (await isFree(port))) found.push(port);
  }
  return found;
}

export async function freePort(): Promise<number> {
  return (await freePorts(1))[0]!;
}

/** Tells all tests on this machine: a name in Linux's abstract namespace, which ends with its process at the latest. */
async function reserve(port: number): Promise<boolean> {
  if (process.platform !== "linux") return true;
  const name = createServer();
  const reserved = await listens(name, { path: `\0gostcol-test-port-${port}` });
  if (reserved) onTestFinished(() => void name.close());
  return reserved;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const free = await listens(server, { port, host: "127.0.0.1" });
  if (free) await new Promise((resolve) => server.close(resolve));
  return free;
}

function listens(server: Server, where: ListenOptions): Promise<boolean> {
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(where, () => resolve(true));
  });
}
