import { Client, credentials } from "@grpc/grpc-js";
import { describe, expect, onTestFinished, test } from "vitest";
import { ListenError } from "../../component/server.ts";
import { NEVER } from "../../lib/abort.ts";
import type { Clock } from "../../lib/clock.ts";
import { systemClock } from "../../lib/system-clock.ts";
import { createListen } from "./listen.ts";
import { DEFAULTS, OBSERVE, post, rawClient, startServer, until } from "./test-kit.ts";

const HANDLER = { request: () => ({ status: 200 }) };
const listen = createListen({ clock: systemClock });

/** The sockets and servers of this process. */
const resources = () => process.getActiveResourcesInfo().filter((name) => /TCP|TLS/.test(name));

describe("listening", () => {
  test("says where it really listens", async () => {
    const server = await listen(DEFAULTS, HANDLER, NEVER);
    onTestFinished(() => server.close(NEVER));
    expect([server.host, server.port > 0, server.openConnections]).toEqual(["127.0.0.1", true, 0]);
  });

  test("without a host it is on all addresses, and says of an IPv4 peer what it is called", async () => {
    const { port, server, requests } = await startServer({ options: { host: "" } });
    for (const [host, called] of [
      ["127.0.0.1", "127.0.0.1"],
      ["::1", "[::1]"],
    ] as const) {
      if (host === "::1" && server.host === "0.0.0.0") continue; // A machine without IPv6.
      const client = await rawClient(port, host);
      client.write(post("a"));
      await until("it was answered", () => client.received.includes("ok"));
      expect(requests.at(-1)!.connection.peer.address).toBe(`${called}:${client.socket.localPort}`);
    }
    expect(["::", "0.0.0.0"]).toContain(server.host);
  });

  test.each([
    [
      "a port that is taken",
      async () => ({ port: (await startServer()).port }),
      "EADDRINUSE",
      /^127\.0\.0\.1:\d+ is in use already$/,
    ],
    [
      "an address of another machine",
      async () => ({ host: "192.0.2.1" }),
      "EADDRNOTAVAIL",
      /no such address: 192\.0\.2\.1:0$/,
    ],
  ])("on %s is an error with the system's code", async (_name, wrong, code, message) => {
    const error = await listen({ ...DEFAULTS, ...(await wrong()) }, HANDLER, NEVER).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ListenError);
    expect([(error as ListenError).code, (error as ListenError).message]).toEqual([
      code,
      expect.stringMatching(message),
    ]);
  });

  test("does not begin when it was called off", async () => {
    await expect(listen(DEFAULTS, HANDLER, AbortSignal.abort(new Error("called off")))).rejects.toThrow("called off");
  });
});

describe("closing", () => {
  test("lets answers that are being made go out, takes nothing more, and ends every connection", async () => {
    let answer = () => {};
    const { port, server, requests, closed } = await startServer({
      answer: (request) =>
        request.path === "/slow"
          ? new Promise((resolve) => (answer = () => resolve({ status: 200, body: "late" })))
          : { status: 200, body: "quick" },
    });
    const [busy, idle, fresh] = [await rawClient(port), await rawClient(port), await rawClient(port)];
    for (const { socket } of [busy, idle]) socket.once("end", () => socket.end());
    idle.write(post("a"));
    busy.write(post("a", "/slow"));
    await until("both arrived", () => requests.length === 2 && idle.received.includes("quick"));
    let done = false;
    const closing = server.close(NEVER).then(() => (done = true));
    await until("the idle ones have ended", () => idle.ending === "fin" && fresh.ending !== undefined);
    await expect(rawClientRefused(port)).resolves.toBe(true);
    expect(done).toBe(false);
    answer();
    await closing;
    expect(busy.received).toMatch(/Connection: close[\s\S]*late$/);
    expect(idle.received).not.toContain("Connection: close");
    expect(closed.length).toBe(2);
    expect(requests.map((request) => request.receipt.state)).toEqual(["read", "read"]);
  });

  test("waits for the last gRPC reply and its proof", async () => {
    let answer = () => {};
    const { port, server, requests } = await startServer({
      answer: () => new Promise((resolve) => (answer = () => resolve({ status: 0, body: "late" }))),
    });
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    onTestFinished(() => client.close());
    const identity = (bytes: Buffer) => bytes;
    const reply = new Promise((resolve, reject) =>
      client.makeUnaryRequest(OBSERVE, identity, identity, Buffer.alloc(1), (error, value) =>
        error ? reject(error) : resolve(value!.toString()),
      ),
    );
    await until("it arrived", () => requests.length === 1);
    const closing = server.close(NEVER);
    answer();
    expect(await reply).toBe("late");
    await closing;
    expect(requests[0]!.receipt.state).toBe("read");
  });

  test("stops waiting at its deadline, and is safe twice", async () => {
    const { port, server, requests, closed } = await startServer({ answer: () => new Promise(() => {}) });
    const client = await rawClient(port);
    client.write(post("a"));
    await until("it arrived", () => requests.length === 1);
    const deadline = new AbortController();
    const both = Promise.all([server.close(NEVER), server.close(deadline.signal)]);
    deadline.abort();
    await both;
    await server.close(NEVER);
    expect([server.openConnections, closed.length, requests[0]!.signal.aborted]).toEqual([0, 1, true]);
  });

  test("leaves no timer behind", async () => {
    let timers = 0;
    const counting: Clock = {
      ...systemClock,
      every(periodMs, callback) {
        const cancel = systemClock.every(periodMs, callback);
        timers++;
        return () => {
          timers--;
          cancel();
        };
      },
    };
    const { server } = await startServer({ clock: counting });
    expect(timers).toBe(1);
    await server.close(NEVER);
    expect(timers).toBe(0);
  });

  test("leaves no socket behind, whatever went on before", async () => {
    await until("the tests before have gone", () => resources().length === 0);
    const { port, server, requests, rejected } = await startServer({ limits: { bodyBytesMax: 10 } });
    const clients = await Promise.all(Array.from({ length: 8 }, () => rawClient(port)));
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    const identity = (bytes: Buffer) => bytes;
    await new Promise<void>((resolve) => {
      client.makeUnaryRequest(OBSERVE, identity, identity, Buffer.alloc(1), () => resolve());
    });
    clients[0]!.write(post("a"));
    clients[1]!.write("garbage\r\n\r\n");
    clients[2]!.write(post("x".repeat(20)));
    clients[3]!.write("POST / HTTP/1.1\r\n");
    clients[4]!.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    clients[5]!.write("P");
    clients[6]!.write(post("a"));
    await until("all was seen", () => requests.length === 3 && rejected.length === 2);
    requests[2]!.receipt.ask();
    clients[7]!.socket.resetAndDestroy();
    await server.close(AbortSignal.timeout(50));
    client.close();
    for (const { socket } of clients) socket.destroy();
    await until("nothing is left", () => resources().length === 0);
    expect(server.openConnections).toBe(0);
  });
});

/** Whether nobody accepts connections there. */
async function rawClientRefused(port: number): Promise<boolean> {
  const { connect } = await import("node:net");
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.once("error", () => resolve(true));
  });
}
