import type { Peer } from "../../component/delivery.ts";
import {
  type Listen,
  ListenError,
  type Server,
  type ServerAnswer,
  type ServerConnection,
  type ServerHandler,
  type ServerOptions,
} from "../../component/server.ts";
import { orAborted } from "../../lib/abort.ts";
import { openReceipt, type SettableReceipt } from "./receipt.ts";

/**
 * A network for tests: what listens on it is served without sockets, and the test decides the fate of every answer.
 *
 *     const network = createFakeNetwork();
 *     // … start the component with `listen: network.listen` …
 *     const reply = await network.server().connect().send({ path: "/observer", body: '{"events":[]}' });
 *     reply.answer.status; reply.text; reply.receipt.settle("read");
 */
export interface FakeNetwork {
  readonly listen: Listen;
  /** All that ever listened, oldest first, closed ones included. */
  readonly servers: readonly FakeServer[];
  /** The newest open server, or the open one on this port; throws when there is none. */
  server(port?: number): FakeServer;
  /** The next `listen` is rejected with this. */
  failNext(error: ListenError): void;
}

export interface FakeServer {
  readonly options: ServerOptions;
  readonly host: string;
  readonly port: number;
  readonly closed: boolean;
  readonly openConnections: number;
  /** Opens a connection; `protocol` decides what its requests are. */
  connect(peer?: Partial<Omit<Peer, "transport">> & { readonly protocol?: "http" | "grpc" }): FakeConnection;
}

export interface FakeConnection extends ServerConnection {
  /**
   * Sends one request and waits for its answer. Earlier receipts of the connection are left as they are: settle them
   * by hand.
   */
  send(request: FakeRequest): Promise<FakeReply>;
  /** As `send`, but returns while the answer is still being made. */
  begin(request: FakeRequest): FakeCall;
  /** A request that the server answers by itself, below the seam. */
  reject(reason: string, detail?: string): void;
  /** Ends the connection: calls in flight are aborted. Receipts stay as they are. Safe twice. */
  end(by?: "peer" | "us"): void;
}

/** Everything has a default: an HTTP `POST /`, or a gRPC call of the first of `grpcMethods`, with an empty body. */
export interface FakeRequest {
  readonly method?: string;
  /** The path, and for HTTP the query behind a question mark; for gRPC the full method name. */
  readonly path?: string;
  /** Names in lower case; gRPC's metadata. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Its sender was gone before it could be handled: the receipt says so from the start. */
  readonly abandoned?: boolean;
}

export interface FakeCall {
  readonly receipt: FakeReceipt;
  readonly reply: Promise<FakeReply>;
}

export interface FakeReply {
  readonly answer: ServerAnswer;
  /** The answer's body as text; empty when it has none. */
  readonly text: string;
  readonly receipt: FakeReceipt;
}

export interface FakeReceipt extends SettableReceipt {
  /** How often `ask` was called while it was open. */
  readonly asked: number;
}

export function createFakeNetwork(): FakeNetwork {
  const servers: FakeListener[] = [];
  let failure: ListenError | undefined;
  let lastConnectionId = 0;

  return {
    servers,
    async listen(options, handler, signal) {
      signal.throwIfAborted();
      const planned = failure;
      failure = undefined;
      if (planned) throw planned;
      const port = options.port === 0 ? 49_152 + servers.length : options.port;
      if (servers.some((server) => !server.closed && server.port === port && server.host === options.host)) {
        throw new ListenError("EADDRINUSE", `${options.host}:${port} is in use`);
      }
      const server = new FakeListener(options, port, handler, () => ++lastConnectionId);
      servers.push(server);
      return server;
    },
    server(port) {
      const found = servers.findLast((server) => !server.closed && (port === undefined || server.port === port));
      if (!found) throw new Error(port === undefined ? "nothing listens" : `nothing listens on port ${port}`);
      return found;
    },
    failNext(error) {
      failure = error;
    },
  };
}

class FakeListener implements FakeServer, Server {
  readonly options: ServerOptions;
  readonly host: string;
  readonly port: number;
  closed = false;
  readonly #handler: ServerHandler;
  readonly #nextConnectionId: () => number;
  readonly #connections = new Set<FakeConnection>();
  readonly #answering = new Set<Promise<unknown>>();

  constructor(options: ServerOptions, port: number, handler: ServerHandler, nextConnectionId: () => number) {
    this.options = options;
    this.host = options.host;
    this.port = port;
    this.#handler = handler;
    this.#nextConnectionId = nextConnectionId;
  }

  get openConnections(): number {
    return this.#connections.size;
  }

  connect(peer: Parameters<FakeServer["connect"]>[0] = {}): FakeConnection {
    if (this.closed) throw new Error(`${this.host}:${this.port} is closed`);
    const protocol = peer.protocol ?? this.options.protocols[0] ?? "http";
    if (!this.options.protocols.includes(protocol)) throw new Error(`this server does not speak ${protocol}`);
    const handler = this.#handler;
    const connections = this.#connections;
    const answering = this.#answering;
    const { grpcMethods, receipts } = this.options;
    const id = this.#nextConnectionId();
    const gone = new AbortController();
    let open = true;
    let endedByUs = false;

    const connection: FakeConnection = {
      id,
      peer: {
        address: peer.address ?? `127.0.0.1:${10_000 + id}`,
        transport: protocol,
        ...(peer.certificateSubject !== undefined && { certificateSubject: peer.certificateSubject }),
      },
      get open() {
        return open;
      },
      get endedByUs() {
        return endedByUs;
      },
      send: (request) => connection.begin(request).reply,
      begin(request) {
        if (!open) throw new Error("the connection has ended");
        const target = request.path ?? (protocol === "grpc" ? (grpcMethods?.[0] ?? "/") : "/");
        const [path, query] = protocol === "grpc" ? [target, ""] : splitTarget(target);
        const receipt = fakeReceipt();
        if (!receipts) receipt.settle("unknown");
        if (request.abandoned) receipt.settle("unread");
        const body = request.body ?? "";
        const answer = handler.request({
          connection,
          protocol,
          method: request.method ?? "POST",
          path,
          query,
          header: (name) => request.headers?.[name],
          body: typeof body === "string" ? Buffer.from(body) : body,
          receipt,
          signal: gone.signal,
        });
        const reply = Promise.resolve(answer).then((answer) => ({
          answer,
          text: Buffer.from(answer.body ?? "").toString(),
          receipt,
        }));
        answering.add(reply);
        reply.finally(() => answering.delete(reply));
        return { receipt, reply };
      },
      reject: (reason, detail = reason) => handler.rejected?.(reason, connection, detail),
      end(by = "peer") {
        if (!open) return;
        open = false;
        endedByUs = by === "us";
        connections.delete(connection);
        gone.abort(new Error("the connection has ended"));
        handler.closed?.(connection);
      },
    };
    connections.add(connection);
    handler.opened?.(connection);
    return connection;
  }

  async close(deadline: AbortSignal): Promise<void> {
    this.closed = true;
    await orAborted(Promise.allSettled(this.#answering), deadline).catch(() => {}); // Then calls in flight are aborted.
    for (const connection of [...this.#connections]) connection.end("us");
  }
}

function fakeReceipt(): FakeReceipt {
  let asked = 0;
  const receipt = openReceipt({ ask: () => void asked++ });
  return Object.defineProperty(receipt, "asked", { get: () => asked }) as FakeReceipt;
}

function splitTarget(target: string): [path: string, query: string] {
  const mark = target.indexOf("?");
  return mark === -1 ? [target, ""] : [target.slice(0, mark), target.slice(mark + 1)];
}
