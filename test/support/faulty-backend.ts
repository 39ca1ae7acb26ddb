import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { onTestFinished } from "vitest";

/** What a backend does in place of its work. Only the one that its protocol asks for is looked at; none: it is well. */
export interface Fault {
  /** Has the connection for itself, before any protocol. */
  readonly socket?: (socket: Socket) => void;
  readonly http?: (request: IncomingMessage, response: ServerResponse) => void;
  readonly grpc?: (stream: ServerHttp2Stream) => void;
}

/** A server on loopback, over either transport, that fails as it is told to and can be well again at any moment. */
export interface FaultyBackend {
  readonly port: number;
  /** The bodies that it took while it was well. */
  readonly taken: Buffer[];
  /** How many connections were ever opened. */
  connections(): number;
  fault: Fault | undefined;
  /** Ends as a process does that is killed: its connections are reset, and nobody listens. */
  kill(): Promise<void>;
  /** Listens again on the same port. */
  start(): Promise<void>;
  /** Changes certificate and key. */
  setTls(options: TlsOptions): void;
}

/** `lines`: whatever comes over a stream. */
export type BackendProtocol = "http" | "grpc" | "lines";

export async function faultyBackend(protocol: BackendProtocol, tls?: TlsOptions): Promise<FaultyBackend> {
  const taken: Buffer[] = [];
  const sockets = new Set<Socket>();
  let opened = 0;
  const state: { fault: Fault | undefined } = { fault: undefined };

  const http = createHttpServer((request, response) => {
    if (state.fault?.http !== undefined) state.fault.http(request, response);
    else
      readAll(request, (body) => {
        taken.push(body);
        response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
      });
  });
  const http2 = createHttp2Server();
  const sessions = new Set<ServerHttp2Session>();
  http2.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
    session.on("error", () => {});
  });
  http2.on("stream", (stream) => {
    stream.on("error", () => {}); // What a fault breaks is broken on purpose.
    if (state.fault?.grpc !== undefined) state.fault.grpc(stream);
    else
      readAll(stream, (body) => {
        taken.push(body.subarray(5));
        answerCall(stream, 0);
      });
  });
  const serve = (socket: Socket) => {
    if (state.fault?.socket !== undefined) state.fault.socket(socket);
    else if (protocol === "lines") socket.on("data", (chunk: Buffer) => taken.push(chunk));
    else (protocol === "http" ? http : http2).emit("connection", socket);
  };
  const tlsServer = tls && createTlsServer(tls, serve);
  const listener = tlsServer ?? createServer(serve);
  listener.on("connection", (socket: Socket) => {
    opened++;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  tlsServer?.on("tlsClientError", () => {});
  const listen = (port: number) => new Promise<void>((resolve) => listener.listen(port, "127.0.0.1", resolve));
  const kill = async () => {
    for (const session of sessions) session.destroy();
    for (const socket of sockets) socket.resetAndDestroy();
    await new Promise<void>((resolve) => listener.close(() => resolve()));
  };
  await listen(0);
  const { port } = listener.address() as AddressInfo;
  onTestFinished(() => void (listener.listening && kill()));
  return Object.assign(state, {
    port,
    taken,
    connections: () => opened,
    kill,
    start: () => listen(port),
    setTls: (options: TlsOptions) => tlsServer?.setSecureContext(options),
  });
}

/** An answer of gRPC: a status, with an empty message where it is a success. */
export function answerCall(
  stream: ServerHttp2Stream,
  status: number,
  { message = "", body = Buffer.alloc(5), details }: { message?: string; body?: Buffer; details?: Buffer } = {},
): void {
  if (stream.destroyed) return;
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () =>
    stream.sendTrailers({
      "grpc-status": String(status),
      ...(message !== "" && { "grpc-message": encodeURIComponent(message) }),
      ...(details !== undefined && { "grpc-status-details-bin": details.toString("base64") }),
    }),
  );
  stream.end(status === 0 ? body : undefined);
}

/** A message as it stands in a gRPC stream. */
export function framed(message: Buffer): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

export function readAll(stream: NodeJS.ReadableStream, done: (body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("end", () => done(Buffer.concat(chunks)));
}
