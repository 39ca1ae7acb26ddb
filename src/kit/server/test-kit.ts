import { connect, type Socket } from "node:net";
import { onTestFinished, vi } from "vitest";
import type {
  Server,
  ServerAnswer,
  ServerConnection,
  ServerHandler,
  ServerOptions,
  ServerRequest,
} from "../../component/server.ts";
import { NEVER } from "../../lib/abort.ts";
import type { Clock } from "../../lib/clock.ts";
import { systemClock } from "../../lib/system-clock.ts";
import { createListen } from "./listen.ts";
import type { SendQueues } from "./send-queues.ts";

/** Helpers of this folder's tests: a real server on a free port, whose handler remembers, and a client of bare bytes. */

export const OBSERVE = "/proto.Observer/Observe";

export const DEFAULTS: ServerOptions = {
  host: "127.0.0.1",
  port: 0,
  protocols: ["http", "grpc"],
  receipts: true,
  grpcMethods: [OBSERVE],
  limits: {
    bodyBytesMax: 100_000,
    connectionsMax: 50,
    headerTimeoutMs: 10_000,
    bodyTimeoutMs: 10_000,
    idleTimeoutMs: 10_000,
    writeTimeoutMs: 10_000,
  },
};

export interface TestServer {
  readonly server: Server;
  readonly port: number;
  readonly requests: ServerRequest[];
  /** Of the requests, as they came. */
  readonly bodies: Uint8Array[];
  /** `reason`s, oldest first. */
  readonly rejected: string[];
  readonly details: string[];
  readonly opened: ServerConnection[];
  readonly closed: ServerConnection[];
}

export interface TestServerOptions {
  readonly options?: Partial<Omit<ServerOptions, "limits">>;
  readonly limits?: Partial<ServerOptions["limits"]>;
  readonly answer?: (request: ServerRequest) => ServerAnswer | Promise<ServerAnswer>;
  readonly clock?: Clock;
  readonly sendQueues?: SendQueues;
}

/** Answers 200 over HTTP and 0 over gRPC, with `ok` and the body's length, until it is told otherwise. */
export async function startServer(given: TestServerOptions = {}): Promise<TestServer> {
  const requests: ServerRequest[] = [];
  const bodies: Uint8Array[] = [];
  const rejected: string[] = [];
  const details: string[] = [];
  const opened: ServerConnection[] = [];
  const closed: ServerConnection[] = [];
  const ok = (request: ServerRequest) => ({
    status: request.protocol === "grpc" ? 0 : 200,
    body: `ok ${request.body.length}`,
  });
  const handler: ServerHandler = {
    request(request) {
      requests.push(request);
      bodies.push(request.body);
      return (given.answer ?? ok)(request);
    },
    rejected(reason, _connection, detail) {
      rejected.push(reason);
      details.push(detail);
    },
    opened: (connection) => opened.push(connection),
    closed: (connection) => closed.push(connection),
  };
  const options = { ...DEFAULTS, ...given.options, limits: { ...DEFAULTS.limits, ...given.limits } };
  const { clock = systemClock, sendQueues } = given;
  const server = await createListen({ clock, ...(sendQueues && { sendQueues }) })(options, handler, NEVER);
  onTestFinished(() => server.close(AbortSignal.abort()));
  return { server, port: server.port, requests, bodies, rejected, details, opened, closed };
}

/** A connection of which the test writes and sees every byte. */
export interface RawClient {
  readonly socket: Socket;
  readonly received: string;
  /** How it ended: `fin`, `reset`, or undefined while it is open. */
  readonly ending: "fin" | "reset" | undefined;
  write(text: string | Uint8Array): void;
}

export async function rawClient(port: number, host = "127.0.0.1"): Promise<RawClient> {
  const socket = connect({ port, host, allowHalfOpen: true });
  let received = "";
  let ending: RawClient["ending"];
  socket.on("data", (chunk) => {
    received += chunk.toString("latin1");
  });
  socket.on("end", () => {
    ending ??= "fin";
  });
  socket.on("error", () => {
    ending = "reset";
  });
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
  onTestFinished(() => void socket.destroy());
  return {
    socket,
    get received() {
      return received;
    },
    get ending() {
      return ending;
    },
    write: (text) => void socket.write(text),
  };
}

/** A POST as GOST writes it. */
export function post(body: string, path = "/observer"): string {
  return `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** Waits until something is so; says what it waited for when it never is. */
export function until(what: string, isSo: () => boolean): Promise<void> {
  const look = () => {
    if (!isSo()) throw new Error(`waited in vain until ${what}`);
  };
  return vi.waitFor(look, { timeout: 10_000, interval: 2 });
}

/** Long enough for a packet over loopback and what follows from it. */
export const settle = () => new Promise((resolve) => setTimeout(resolve, 30));

/** The system's clock, except that its monotonic time stands still unless it is pushed: however slow the machine is. */
export function pushableClock(): Clock & { push(ms: number): void } {
  let now = systemClock.monotonic();
  return {
    ...systemClock,
    monotonic: () => now,
    push(ms) {
      now += ms;
    },
  };
}
