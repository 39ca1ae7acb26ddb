import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** Where proxied traffic ends: byte counts are agreed on by the client, so both sides know them exactly. */
export interface Origin {
  /**
   * Speaks lines `UPLOAD DOWNLOAD\n`: takes that many bytes more, then sends that many back; any number of times on one
   * connection. A line is part of the upload, and counts.
   */
  readonly port: number;
  /** Speaks HTTP: takes any body, and answers `/N` with a body of N bytes. */
  readonly httpPort: number;
}

export async function startOrigin(): Promise<Origin> {
  const exchanges = createServer(serveExchanges);
  const http = createHttpServer((request, response) => {
    request.resume().once("end", () => response.end(Buffer.alloc(Number(request.url!.slice(1)), "d")));
  });
  http.keepAliveTimeout = 60_000;
  return { port: await listen(exchanges), httpPort: await listen(http) };
}

/** Listens on loopback until the running test ends. */
export async function listen(server: Server, port = 0): Promise<number> {
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  onTestFinished(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of open) socket.destroy();
    await closed;
  });
  return (server.address() as AddressInfo).port;
}

function serveExchanges(socket: Socket): void {
  let line = "";
  let uploadLeft = 0;
  let download = 0;
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    let position = 0;
    while (position < chunk.length) {
      if (uploadLeft > 0) {
        const taken = Math.min(uploadLeft, chunk.length - position);
        uploadLeft -= taken;
        position += taken;
      } else {
        const end = chunk.indexOf("\n", position);
        line += chunk.toString("latin1", position, end < 0 ? undefined : end);
        position = end < 0 ? chunk.length : end + 1;
        if (end < 0) continue;
        [uploadLeft, download] = line.split(" ").map(Number) as [number, number];
        line = "";
      }
      if (uploadLeft === 0 && line === "" && download > 0) {
        socket.write(Buffer.alloc(download, "d"));
        download = 0;
      }
    }
  });
}
