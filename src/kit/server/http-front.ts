import { createServer } from "node:http";
import type { Socket } from "node:net";
import type { AcceptedConnection, Served, Shared } from "./connection.ts";
import { HttpConnection } from "./http-connection.ts";

/** Enough for any proxy's headers. */
const HEADER_BYTES_MAX = 16 * 1024;

export interface HttpFront {
  /** Takes over a fresh socket; what was read of it already is back in it. */
  serve(socket: Socket, connection: AcceptedConnection): Served;
}

/** Node's HTTP server without a port of its own: its parser and its answers, with deadlines and evidence of ours. */
export function createHttpFront(shared: Shared): HttpFront {
  const connections = new WeakMap<Socket, HttpConnection>();
  // Its own timeouts work only while it listens itself, and its keep-alive timeout would close on GOST: all are off.
  const server = createServer({
    keepAliveTimeout: 0,
    requireHostHeader: false,
    headersTimeout: 0,
    requestTimeout: 0,
    maxHeaderSize: HEADER_BYTES_MAX,
  });
  server.on("request", (message, response) => connections.get(message.socket)?.request(message, response, false));
  server.on("checkExpectation", (message, response) =>
    connections.get(message.socket)?.request(message, response, false),
  );
  server.on("connect", (_message, socket) => connections.get(socket as Socket)?.notProxied());
  server.on("checkContinue", (message, response) => connections.get(message.socket)?.request(message, response, true));
  server.on("clientError", (error, socket) => connections.get(socket as Socket)?.notParsed(error));

  return {
    serve(socket, connection) {
      server.emit("connection", socket);
      // Behind Node's own listeners: what its parser says at the end of the connection comes first.
      const served = new HttpConnection(socket, connection, shared);
      connections.set(socket, served);
      socket.resume(); // It was paused when its first bytes were put back.
      return served;
    },
  };
}
