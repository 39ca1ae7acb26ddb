import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "../../lib/clock.ts";
import type { AcceptedConnection, Served, Shared } from "./connection.ts";
import { HttpConnection, type HttpShared } from "./http-connection.ts";
import { AnswerTexts } from "./plain-reply.ts";
import { HEADER_BYTES_MAX, WholeRequests } from "./whole-request.ts";

export interface HttpFront {
  /** Takes over a fresh socket; what was read of it already is back in it. */
  serve(socket: Socket, connection: AcceptedConnection): Served;
}

/** HTTP with deadlines and evidence of ours; for what is not plain, Node's server without a port of its own. */
export function createHttpFront(shared: Shared): HttpFront {
  const connections = new WeakMap<Socket, HttpConnection>();
  let server: Server | undefined; // Made when it is needed, for it takes milliseconds to load.
  const parse = (socket: Socket) => {
    server ??= createParser((of) => connections.get(of as Socket));
    server.emit("connection", socket);
  };
  const texts = new AnswerTexts(httpDate(shared.clock));
  const all: HttpShared = { ...shared, parse, requests: new WholeRequests(), texts };

  return {
    serve(socket, connection) {
      const served = new HttpConnection(socket, connection, all);
      connections.set(socket, served);
      socket.resume(); // It was paused when its first bytes were put back.
      return served;
    },
  };
}

function createParser(connectionOf: (socket: Duplex) => HttpConnection | undefined): Server {
  // Its own timeouts work only while it listens itself, and its keep-alive timeout would close on GOST: all are off.
  const server = createServer({
    keepAliveTimeout: 0,
    requireHostHeader: false,
    headersTimeout: 0,
    requestTimeout: 0,
    maxHeaderSize: HEADER_BYTES_MAX,
  });
  const request = (expectsContinue: boolean) => (message: IncomingMessage, response: ServerResponse) =>
    connectionOf(message.socket)?.request(message, response, expectsContinue);
  server.on("request", request(false));
  server.on("checkExpectation", request(false));
  server.on("checkContinue", request(true));
  server.on("connect", (_message, socket) => connectionOf(socket)?.notProxied());
  server.on("clientError", (error, socket) => connectionOf(socket)?.notParsed(error));
  return server;
}

/** The time as HTTP writes it (RFC 9110, section 5.6.7), which is made once a second. */
function httpDate(clock: Clock): () => string {
  let second = Number.NaN;
  let text = "";
  return () => {
    const now = Math.floor(clock.now() / 1000);
    if (now !== second) {
      second = now;
      text = new Date(now * 1000).toUTCString();
    }
    return text;
  };
}
