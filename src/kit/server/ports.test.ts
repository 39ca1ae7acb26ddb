import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { NEVER } from "../../lib/abort.ts";
import { systemClock } from "../../lib/system-clock.ts";
import { createListen } from "./listen.ts";
import { DEFAULTS, rawClient, startServer } from "./test-kit.ts";

const answering = (body: string) => ({ request: () => ({ status: 200, body }) });
const GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/** What becomes of an attempt to connect. */
function connecting(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" }, () => {
      socket.destroy();
      resolve("connected");
    });
    socket.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code ?? "failed"));
  });
}

/** A server that has been closed while ports were held, at a port that can be listened on again. */
async function closedWhileHeld() {
  const listen = createListen({ clock: systemClock });
  const { port: free, server: taken } = await startServer();
  await taken.close(NEVER);
  const options = { ...DEFAULTS, port: free };
  const first = await listen(options, answering("first"), NEVER);
  const letGo = listen.holdPorts!();
  onTestFinished(letGo);
  await first.close(NEVER);
  return { listen, options, port: free, letGo };
}

test("who connects between two servers waits, and is answered by the second", async () => {
  const { listen, options, port, letGo } = await closedWhileHeld();
  const client = await rawClient(port);
  client.socket.write(GET);
  const second = await listen(options, answering("second"), NEVER);
  onTestFinished(() => second.close(AbortSignal.abort()));
  letGo();
  await expect.poll(() => client.received).toContain("second");
  const later = await rawClient(port);
  later.socket.write(GET);
  await expect.poll(() => later.received).toContain("second");
});

test("who is connected and has sent no whole greeting yet is answered by the second as well", async () => {
  const listen = createListen({ clock: systemClock });
  const { port: free, server: taken } = await startServer();
  await taken.close(NEVER);
  const options = { ...DEFAULTS, port: free };
  const first = await listen(options, answering("first"), NEVER);
  const [silent, begun] = [await rawClient(free), await rawClient(free)];
  begun.write("PRI * H"); // It may become HTTP/2.
  await expect.poll(() => first.openConnections).toBe(2);
  const letGo = listen.holdPorts!();
  await first.close(NEVER);
  const second = await listen(options, answering("second"), NEVER);
  onTestFinished(() => second.close(AbortSignal.abort()));
  letGo();
  silent.write(GET);
  begun.write("ello\r\n\r\n");
  await expect.poll(() => silent.received).toContain("second");
  await expect.poll(() => begun.received).toContain("400");
  expect(first.openConnections).toBe(0);
});

test("who gave up meanwhile is not served, and does not disturb the others", async () => {
  const { listen, options, port, letGo } = await closedWhileHeld();
  const [gone, waiting] = [await rawClient(port), await rawClient(port)];
  gone.socket.resetAndDestroy();
  waiting.socket.write(GET);
  const second = await listen(options, answering("second"), NEVER);
  onTestFinished(() => second.close(AbortSignal.abort()));
  letGo();
  await expect.poll(() => waiting.received).toContain("second");
});

test("a port that nobody takes again is closed in the end, with those who wait for it", async () => {
  const { port, letGo } = await closedWhileHeld();
  const client = await rawClient(port);
  letGo();
  await expect.poll(() => client.ending).toBeDefined();
  expect(await connecting(port)).toBe("ECONNREFUSED");
});

test("while ports are held another place is another port, and can be closed by whoever took it", async () => {
  const { listen, options, port, letGo } = await closedWhileHeld();
  const elsewhere = await listen({ ...options, port: 0 }, answering("elsewhere"), NEVER);
  await elsewhere.close(NEVER);
  expect(await connecting(elsewhere.port)).toBe("ECONNREFUSED");
  const back = await listen(options, answering("back"), NEVER);
  letGo();
  await back.close(NEVER);
  expect(await connecting(port)).toBe("ECONNREFUSED");
});
