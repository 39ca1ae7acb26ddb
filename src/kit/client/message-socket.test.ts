import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { MessageSocket } from "../../component/transport.ts";
import { NEVER } from "../../lib/abort.ts";
import { messageSocket } from "./message-socket.ts";

/** More than the buffers of a stream socket hold. */
const LARGE = Buffer.alloc(16 * 1024 * 1024);

test("a message that the far end does not read is given up with the signal, and its connection ends", async () => {
  const { socket, accepted } = await listening((connection) => connection.pause());
  const controller = new AbortController();
  const sending = socket.send(LARGE, controller.signal);
  const [connection] = await accepted;
  const ended = once(connection!, "close");
  controller.abort(new Error("too late"));
  await expect(sending).rejects.toThrow("too late");
  connection!.on("error", () => {}).resume();
  await ended;
});

test("the next message after that has a connection of its own", async () => {
  const received: string[] = [];
  let connections = 0;
  const { socket } = await listening((connection) => {
    if (++connections === 1) connection.pause().on("error", () => {});
    else connection.on("data", (bytes) => received.push(String(bytes)));
  });
  const controller = new AbortController();
  const sending = socket.send(LARGE, controller.signal);
  controller.abort(new Error("too late"));
  await expect(sending).rejects.toThrow("too late");
  await expect.poll(() => socket.send(Buffer.from("a:1|c\n"), NEVER).then(() => received.length)).toBeGreaterThan(0);
  expect(received.join("")).toMatch(/^(a:1\|c\n)+$/);
});

/** A socket to a server that does this with each connection. */
async function listening(
  onConnection: (connection: Socket) => void,
): Promise<{ readonly socket: MessageSocket; readonly accepted: Promise<Socket[]> }> {
  const folder = mkdtempSync(join(tmpdir(), "gostcol-socket-"));
  const path = join(folder, "statsd.sock");
  const server: Server = createServer(onConnection);
  const connections = new Set<Socket>();
  server.on("connection", (connection) => connections.add(connection));
  const accepted = once(server, "connection") as Promise<Socket[]>;
  server.listen(path);
  await once(server, "listening");
  const socket = messageSocket({ protocol: "unix", path });
  onTestFinished(() => {
    socket.close();
    for (const connection of connections) connection.destroy();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { socket, accepted };
}
