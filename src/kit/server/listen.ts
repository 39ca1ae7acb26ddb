import type { Socket } from "node:net";
import type { Log } from "../../component/log.ts";
import type { Listen, Server, ServerHandler, ServerOptions } from "../../component/server.ts";
import { orAborted } from "../../lib/abort.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Endpoint } from "../fields.ts";
import { AcceptedConnection, addressOf, peerOf, type Served, type Shared } from "./connection.ts";
import { readFirstBytes } from "./first-bytes.ts";
import { GrpcConnection } from "./grpc-connection.ts";
import { lastWords } from "./http-answer.ts";
import { createHttpFront, type HttpFront } from "./http-front.ts";
import { type Port, Ports } from "./ports.ts";
import { RequestQueue } from "./request-queue.ts";
import { LinuxSendQueues, type SendQueues } from "./send-queues.ts";
import { createTlsFront, type TlsFront } from "./tls-front.ts";

export interface ListenDeps {
  readonly clock: Clock;
  /** Only for what concerns the server as a whole, such as certificates that cannot be reloaded. */
  readonly log?: Log;
  /** Linux' own where there is no other. */
  readonly sendQueues?: SendQueues;
}

/** How many of the largest bodies may be held at a time, over all connections of a server. */
const LARGEST_BODIES_MAX = 16;

/** The real network: HTTP/1.1 and gRPC on one port, plain or over TLS. */
export function createListen(deps: ListenDeps): Listen {
  let lastConnectionId = 0;
  const nextConnectionId = () => ++lastConnectionId;
  const ports = new Ports();
  const { clock, sendQueues = new LinuxSendQueues(clock) } = deps;
  const listen: Listen = async (options, handler, signal) => {
    signal.throwIfAborted();
    const server = new ListeningServer(options, handler, { clock, sendQueues, nextConnectionId });
    await server.open(ports, deps.log, signal);
    return server;
  };
  return Object.assign(listen, { holdPorts: () => ports.hold() });
}

interface ServerDeps extends Pick<Shared, "clock" | "sendQueues"> {
  readonly nextConnectionId: () => number;
}

class ListeningServer implements Server {
  readonly #options: ServerOptions;
  readonly #shared: Shared;
  readonly #nextConnectionId: () => number;
  readonly #http: HttpFront;
  #port: Port | undefined;
  #tls: TlsFront | undefined;
  /** All that is connected, TLS handshakes included. */
  readonly #sockets = new Set<Socket>();
  readonly #served = new Set<Served>();
  /** Those who have not said yet what they speak; each function lets go of one. */
  readonly #fresh = new Set<() => Socket>();
  /** Kept, for a closed server still says where it was. */
  #address: Endpoint;
  #stopSweep = () => {};
  #closing: Promise<void> | undefined;
  /** Called each time when something has closed, once the server is closing. */
  #somethingClosed = () => {};

  constructor(options: ServerOptions, handler: ServerHandler, given: ServerDeps) {
    const { clock, sendQueues, nextConnectionId } = given;
    const { limits, receipts, memoryIsShort = () => false } = options;
    this.#options = options;
    this.#address = { host: options.host, port: options.port };
    this.#nextConnectionId = nextConnectionId;
    const bodies = { bytes: 0, bytesMax: LARGEST_BODIES_MAX * limits.bodyBytesMax, memoryIsShort };
    this.#shared = { handler, limits, receipts, clock, bodies, queue: new RequestQueue(handler, clock), sendQueues };
    this.#http = createHttpFront(this.#shared);
  }

  get host(): string {
    return this.#address.host;
  }

  get port(): number {
    return this.#address.port;
  }

  get openConnections(): number {
    return this.#sockets.size;
  }

  async open(ports: Ports, log: Log | undefined, signal: AbortSignal): Promise<void> {
    const { tls, protocols, limits } = this.#options;
    const { clock } = this.#shared;
    if (tls) {
      this.#tls = await createTlsFront({
        tls,
        protocols,
        handshakeTimeoutMs: limits.headerTimeoutMs,
        clock,
        log,
        secure: (socket, protocol) => this.#begin(socket, protocol),
        failed: (socket, detail) => this.#rejected(socket, "tls_handshake", detail),
      });
    }
    try {
      this.#port = await ports.take(this.#options, (socket) => this.#accept(socket), signal);
      this.#address = this.#port.address;
    } catch (error) {
      this.#tls?.close();
      throw error;
    }
    const periodMs = sweepPeriodMs(limits);
    this.#stopSweep = clock.every(periodMs, () => {
      const now = clock.monotonic();
      for (const served of this.#served) served.check(now);
    });
  }

  close(deadline: AbortSignal): Promise<void> {
    this.#closing ??= this.#close();
    const closed = this.#closing;
    return orAborted(closed, deadline).catch(() => {
      for (const socket of this.#sockets) socket.destroy();
      return closed;
    });
  }

  async #close(): Promise<void> {
    const { gone: closed, takeOver } = this.#port?.close() ?? {};
    // Node says `close` of the server before that of its last sockets, whose receipts are settled then.
    const gone = new Promise<void>((resolve) => {
      this.#somethingClosed = () => {
        if (this.#sockets.size === 0 && this.#served.size === 0) resolve();
      };
    });
    if (takeOver) for (const letGo of [...this.#fresh]) takeOver(letGo());
    for (const served of [...this.#served]) served.drain();
    this.#somethingClosed();
    await Promise.all([closed, gone]);
    this.#tls?.close();
    this.#stopSweep();
  }

  #accept(socket: Socket): void {
    const { connectionsMax } = this.#options.limits;
    this.#shared.queue.accepted();
    socket.on("error", () => {}); // `close` follows, and says that it was one.
    if (this.#sockets.size >= connectionsMax) {
      this.#rejected(socket, "too_many_connections", `at most ${connectionsMax} connections are taken`);
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      this.#somethingClosed();
    });
    if (this.#tls) this.#tls.secure(socket);
    else this.#begin(socket, undefined);
  }

  /** A socket that carries plain bytes; `protocol` where the TLS handshake has settled it. */
  #begin(socket: Socket, protocol: "http" | "grpc" | undefined): void {
    // Asked for now: once the peer has reset the connection nobody knows it, though its request can still be read.
    const address = addressOf(socket);
    if (address === undefined) {
      socket.destroy();
      return;
    }
    if (protocol) {
      this.#serve(socket, address, protocol);
      return;
    }
    const { headerTimeoutMs, idleTimeoutMs } = this.#options.limits;
    const startedAt = this.#shared.clock.monotonic();
    const forget = () => {
      this.#served.delete(reading);
      this.#fresh.delete(letGo);
    };
    const letGo = () => {
      reading.letGo();
      forget();
      this.#sockets.delete(socket);
      return socket;
    };
    const reading = readFirstBytes(
      socket,
      { startedAt, headerTimeoutMs, idleTimeoutMs },
      {
        known: (found) => {
          forget();
          if (found === "tls") {
            this.#rejected(socket, "tls_on_plain_port", "a TLS handshake on a port without TLS");
            socket.destroy();
          } else this.#serve(socket, address, found);
        },
        failed: (rejected) => {
          forget();
          if (rejected) this.#rejected(socket, rejected.reason, rejected.detail);
          socket.destroy();
        },
      },
    );
    this.#served.add(reading);
    if (!this.#tls) this.#fresh.add(letGo);
    socket.once("close", () => {
      forget();
      this.#somethingClosed();
    });
  }

  #serve(socket: Socket, address: string, protocol: "http" | "grpc"): void {
    const { protocols, grpcMethods } = this.#options;
    const { handler } = this.#shared;
    if (!protocols.includes(protocol)) {
      const text = protocol === "grpc" ? "this port does not speak gRPC, only HTTP/1.1" : "this port speaks gRPC only";
      this.#rejected(socket, "wrong_protocol", text);
      socket.end(lastWords(protocol === "grpc" ? 505 : 400, text)).destroySoon();
      return;
    }
    const connection = new AcceptedConnection(this.#nextConnectionId(), peerOf(socket, address, protocol));
    const served =
      protocol === "http"
        ? this.#http.serve(socket, connection)
        : new GrpcConnection(socket, connection, this.#shared, grpcMethods);
    this.#served.add(served);
    socket.once("close", () => {
      this.#served.delete(served);
      handler.closed?.(connection);
      this.#somethingClosed();
    });
    handler.opened?.(connection);
    if (this.#closing) served.drain();
  }

  /** For what never came to speak a protocol. */
  #rejected(socket: Socket, reason: string, detail: string): void {
    const { protocols } = this.#options;
    const peer = peerOf(socket, addressOf(socket) ?? "unknown", protocols[0] ?? "http");
    const connection = new AcceptedConnection(this.#nextConnectionId(), peer);
    connection.end();
    this.#shared.handler.rejected?.(reason, connection, detail);
  }
}

/** Often enough to keep each deadline within a quarter of itself, or within a second. */
function sweepPeriodMs(limits: ServerOptions["limits"]): number {
  const { headerTimeoutMs, bodyTimeoutMs, idleTimeoutMs, writeTimeoutMs } = limits;
  return Math.min(1000, Math.max(10, Math.min(headerTimeoutMs, bodyTimeoutMs, idleTimeoutMs, writeTimeoutMs) / 4));
}
