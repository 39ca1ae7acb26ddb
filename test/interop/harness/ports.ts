import { createServer } from "node:net";

// Below the range from which the kernel takes ports for outgoing connections: a GOST that is killed and started again
// must find its ports free.
const FIRST = 20_000;
const COUNT = 4000;
/** Each worker takes its own: a program that is killed for a while must not lose its port to another test's. */
const WORKER = Number(process.env["VITEST_POOL_ID"] ?? 1);

/** Ports of loopback that nobody listens on, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  while (found.size < count) {
    const port = FIRST + (WORKER - 1) * COUNT + Math.floor(Math.random() * COUNT);
    if (await isFree(port)) found.add(port);
  }
  return [...found];
}

export async function freePort(): Promise<number> {
  return (await freePorts(1))[0]!;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
