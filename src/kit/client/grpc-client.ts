import { type ClientHttp2Session, connect, constants } from "node:http2";
import { promisify } from "node:util";
import { deflate, gunzip, gzip, inflate } from "node:zlib";
import { type GrpcClient, type GrpcClientOptions, GrpcError, TransportError } from "../../component/transport.ts";
import type { Cancel, Clock } from "../../lib/clock.ts";
import { TlsContext } from "./tls-context.ts";
import { transportError } from "./transport-failure.ts";

/** gRPC's unary calls over HTTP/2: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */

const UNKNOWN = 2;
const INTERNAL = 13;
const UNAVAILABLE = 14;
const PREFIX_BYTES = 5;
/** What a peer without gRPC answers: the mapping of HTTP's statuses in the protocol's http-grpc-status-mapping.md. */
const STATUS_OF_HTTP: Readonly<Record<number, number>> = {
  400: 13,
  401: 16,
  403: 7,
  404: 12,
  429: 14,
  502: 14,
  503: 14,
  504: 14,
};

const compressors = { gzip: promisify(gzip), deflate: promisify(deflate) } as const;
const decompressors = { gzip: promisify(gunzip), deflate: promisify(inflate) } as const;

/**
 * One connection, opened by the first call and again by the first call after it was lost: when to try again is its user's
 * business, who has a backoff of its own. A connection that the server wants to leave (GOAWAY) takes no new calls.
 */
export function grpcClient(options: GrpcClientOptions, clock: Clock): GrpcClient {
  const connection = new Connection(options, clock);
  return {
    async call(method, message, metadata, signal) {
      signal.throwIfAborted();
      const frame = await framed(message, options);
      const session = await connection.session(signal);
      return unaryCall({ session, method, frame, metadata, options, signal });
    },
    close: () => connection.close(),
  };
}

class Connection {
  readonly #options: GrpcClientOptions;
  readonly #clock: Clock;
  readonly #tls: TlsContext | undefined;
  #session: ClientHttp2Session | undefined;
  #connecting: Promise<ClientHttp2Session> | undefined;
  #generation = 0;
  #keepalive: Cancel | undefined;

  constructor(options: GrpcClientOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#tls = options.tls === undefined ? undefined : new TlsContext(options.tls, clock);
  }

  async session(signal: AbortSignal): Promise<ClientHttp2Session> {
    const context = await this.#tls?.current(signal);
    if (context !== undefined && context.generation !== this.#generation) {
      this.#leave();
      this.#generation = context.generation;
    }
    if (this.#session !== undefined) return this.#session;
    this.#connecting ??= this.#connect(context?.options ?? {}).finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  close(): void {
    this.#session?.destroy();
    this.#leave();
  }

  /** What is under way on it ends; the next call opens another. */
  #leave(): void {
    this.#keepalive?.();
    this.#session?.close();
    this.#session = undefined;
  }

  #connect(tls: object): Promise<ClientHttp2Session> {
    const { host, port } = this.#options;
    const where = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
    const scheme = this.#tls === undefined ? "http" : "https";
    return new Promise((resolve, reject) => {
      const session = connect(`${scheme}://${where}`, { ...tls, peerMaxConcurrentStreams: 1000 });
      session.once("connect", () => {
        this.#session = session;
        this.#watch(session);
        resolve(session);
      });
      const fail = (error: unknown) => {
        if (this.#session === session) this.#leave();
        const failure = transportError(error, where);
        reject(new GrpcError(UNAVAILABLE, failure.message, { cause: failure }));
      };
      session.on("error", fail);
      session.on("goaway", () => this.#session === session && this.#leave());
      session.on("close", () => fail(new TransportError("ECONNRESET", "the connection ended")));
    });
  }

  #watch(session: ClientHttp2Session): void {
    const { keepaliveMs, keepaliveTimeoutMs } = this.#options;
    session.unref();
    if (keepaliveMs === 0) return;
    this.#keepalive = this.#clock.every(keepaliveMs, () => {
      const late = this.#clock.after(keepaliveTimeoutMs, () => session.destroy(new Error("a PING was not answered")));
      const sent = !session.destroyed && session.ping(() => late());
      if (!sent) late();
    });
  }
}

interface UnaryCall {
  readonly session: ClientHttp2Session;
  readonly method: string;
  readonly frame: Buffer;
  readonly metadata: Readonly<Record<string, string>>;
  readonly options: GrpcClientOptions;
  readonly signal: AbortSignal;
}

function unaryCall({ session, method, frame, metadata, options, signal }: UnaryCall): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ...metadata,
      ":method": "POST",
      ":path": method,
      ...(options.authority !== undefined && { ":authority": options.authority }),
      "content-type": "application/grpc",
      te: "trailers",
      "grpc-accept-encoding": "identity,gzip,deflate",
      ...(options.compression !== "none" && { "grpc-encoding": options.compression }),
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    let head: Headers = {};
    let trailers: Headers = {};
    const onAbort = () => stream.close(constants.NGHTTP2_CANCEL);
    signal.addEventListener("abort", onAbort, { once: true });
    stream.on("response", (headers) => {
      head = headers as Headers;
    });
    stream.on("trailers", (headers) => {
      trailers = headers as Headers;
    });
    stream.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= options.answerBytesMax + PREFIX_BYTES) chunks.push(chunk);
      else stream.close(constants.NGHTTP2_CANCEL);
    });
    let failure: unknown;
    stream.on("error", (error) => {
      failure = error;
    });
    stream.on("close", () => {
      signal.removeEventListener("abort", onAbort);
      if (signal.aborted) reject(signal.reason);
      else answered({ head, trailers, body: Buffer.concat(chunks), bytes, failure }, options).then(resolve, reject);
    });
    stream.end(frame);
  });
}

type Headers = Readonly<Record<string, string | number | string[] | undefined>>;

interface Answer {
  readonly head: Headers;
  readonly trailers: Headers;
  readonly body: Buffer;
  readonly bytes: number;
  readonly failure: unknown;
}

async function answered(
  { head, trailers, body, bytes, failure }: Answer,
  { answerBytesMax }: GrpcClientOptions,
): Promise<Uint8Array> {
  if (bytes > answerBytesMax + PREFIX_BYTES)
    throw new GrpcError(INTERNAL, `the answer has more than ${answerBytesMax} bytes`);
  // An answer without a message has its status with the headers.
  const status = trailers["grpc-status"] ?? head["grpc-status"];
  if (status === undefined) throw withoutStatus(head[":status"], failure);
  const message = percentDecoded(String(trailers["grpc-message"] ?? head["grpc-message"] ?? ""));
  const details = trailers["grpc-status-details-bin"] ?? head["grpc-status-details-bin"];
  if (Number(status) !== 0) {
    throw new GrpcError(Number.isInteger(Number(status)) ? Number(status) : UNKNOWN, message || "no message", {
      ...(details !== undefined && { details: Buffer.from(String(details), "base64") }),
    });
  }
  if (body.length < PREFIX_BYTES || body.readUInt32BE(1) !== body.length - PREFIX_BYTES) {
    throw new GrpcError(INTERNAL, "the answer is not one whole message");
  }
  const encoding = String(head["grpc-encoding"] ?? "identity");
  if (body[0] === 0 || encoding === "identity") return body.subarray(PREFIX_BYTES);
  if (encoding !== "gzip" && encoding !== "deflate")
    throw new GrpcError(INTERNAL, `the answer is compressed as ${encoding}`);
  return decompressors[encoding](body.subarray(PREFIX_BYTES), { maxOutputLength: answerBytesMax });
}

function withoutStatus(httpStatus: unknown, failure: unknown): GrpcError {
  if (httpStatus === undefined || httpStatus === 200) {
    const error = failure === undefined ? new TransportError("ECONNRESET", "the connection ended") : failure;
    return new GrpcError(UNAVAILABLE, `the call ended without an answer: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const status = STATUS_OF_HTTP[httpStatus as number] ?? UNKNOWN;
  return new GrpcError(status, `this is no gRPC server: it answers with HTTP's status ${httpStatus}`);
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function framed(message: Uint8Array, { compression, compressionLevel }: GrpcClientOptions): Promise<Buffer> {
  const isCompressed = compression !== "none";
  const level = compressionLevel === undefined ? {} : { level: compressionLevel };
  const body = isCompressed ? await compressors[compression](message, level) : message;
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + body.byteLength);
  frame[0] = isCompressed ? 1 : 0;
  frame.writeUInt32BE(body.byteLength, 1);
  frame.set(body, PREFIX_BYTES);
  return frame;
}
