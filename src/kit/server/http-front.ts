import { createServer } from "node:http";
import type { Socket } from "node:net";
import type { ServerAnswer } from "../../component/server.ts";
import type { AcceptedConnection, Served, Shared } from "./connection.ts";
import { HttpConnection } from "./http-connection.ts";
import type { HttpExchange } from "./http-exchange.ts";

/** Enough for any proxy's headers. */
const HEADER_BYTES_MAX = 16 * 1024;

export interface HttpFront {
  /** Takes over a fresh socket; what was read of it already is back in it. */
  serve(socket: Socket, connection: AcceptedConnection): Served;
}

/** Node's HTTP server without a port of its own: its parser and its answers, with deadlines and evidence of ours. */
export function createHttpFront(shared: Shared): HttpFront {
  const connections = new WeakMap<Socket, HttpConnection>();
  const enqueue = afterOneTurn((exchange: HttpExchange) => {
    if (shared.turn.isTooLong(exchange.body.length)) exchange.overloaded("too much came at once");
    else handle(exchange, shared);
  });
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
      const served = new HttpConnection(socket, connection, shared, enqueue);
      connections.set(socket, served);
      socket.resume(); // It was paused when its first bytes were put back.
      return served;
    },
  };
}

function handle(exchange: HttpExchange, { handler }: Shared): void {
  const failed = (error: unknown): void => {
    handler.rejected?.("handler_failed", exchange.connection, String(error)); // BUG: a handler must not throw.
    exchange.answer({ status: 500 });
  };
  try {
    const answer: ServerAnswer | Promise<ServerAnswer> = handler.request(exchange);
    if (answer instanceof Promise) answer.then((settled) => exchange.answer(settled)).catch(failed);
    else exchange.answer(answer);
  } catch (error) {
    failed(error);
  }
}

/**
 * Hands items on, in order, once the event loop has looked at all sockets again. A peer that gave up while this process
 * was stalled, or that died right after it sent, has its end waiting in the kernel behind its request, and Node tells of
 * it only at the next look: a request that is handled at once would be answered to nobody, and that peer's end would pass
 * for the proof that it was read. Such a request is handled all the same (GOST's last words are sent in this way), with a
 * receipt that says `unread` from the start. All items of a turn share two callbacks.
 */
function afterOneTurn<T>(handOn: (item: T) => void): (item: T) => void {
  let waiting: T[] = [];
  const flush = () => {
    const items = waiting;
    waiting = [];
    for (const item of items) handOn(item);
  };
  return (item) => {
    if (waiting.push(item) === 1) setImmediate(() => setImmediate(flush));
  };
}
