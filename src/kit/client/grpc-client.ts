import { type ClientHttp2Session, constants } from "node:http2";
import { promisify } from "node:util";
import { gunzip, inflate } from "node:zlib";
import { type GrpcClient, type GrpcClientOptions, GrpcError, TransportError } from "../../component/transport.ts";
import type { Clock } from "../../lib/clock.ts";
import { compressor } from "./compression.ts";
import { GrpcConnection } from "./grpc-connection.ts";
import { transportError } from "./transport-failure.ts";

/** gRPC's unary calls over HTTP/2: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */

const UNKNOWN = 2;
const UNAVAILABLE = 14;
const PREFIX_BYTES = 5;
/** Of zlib, where nobody asks for another one. */
const LEVEL_USUAL = 6;
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

/** Calls over one connection. One that the server wants to leave (GOAWAY), or does not answer on, takes no new calls. */
export function grpcClient(options: GrpcClientOptions, clock: Clock): GrpcClient {
  const connection = new GrpcConnection(options, clock);
  const compress = compressor(options.compression, options.compressionLevel ?? LEVEL_USUAL);
  return {
    async call(method, message, metadata, signal) {
      signal.throwIfAborted();
      const frame = framed(await compress(message), options);
      const session = await connection.session(signal).catch((thrown: unknown) => {
        signal.throwIfAborted();
        throw unavailable(thrown, connection.where);
      });
      return unaryCall({ connection, session, method, frame, metadata, options, signal });
    },
    close: () => connection.close(),
  };
}

interface UnaryCall {
  readonly connection: GrpcConnection;
  readonly session: ClientHttp2Session;
  readonly method: string;
  readonly frame: Buffer;
  readonly metadata: Readonly<Record<string, string>>;
  readonly options: GrpcClientOptions;
  readonly signal: AbortSignal;
}

function unaryCall(call: UnaryCall): Promise<Uint8Array | undefined> {
  const { connection, session, method, frame, metadata, options, signal } = call;
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
    const onAbort = () => {
      // Without an answer in time nobody knows whether this connection still leads anywhere.
      connection.leave(session);
      stream.close(constants.NGHTTP2_CANCEL);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    stream.on("response", (headers) => {
      head = headers as Headers;
    });
    stream.on("trailers", (headers) => {
      trailers = headers as Headers;
    });
    stream.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      // What is too much is let go by, for the call's status comes behind it.
      if (bytes <= options.answerBytesMax + PREFIX_BYTES) chunks.push(chunk);
    });
    let failure: unknown;
    stream.on("error", (error) => {
      failure = error;
    });
    stream.on("close", () => {
      signal.removeEventListener("abort", onAbort);
      // Node holds on to the stream until a full collection, and would so to what its listeners have at hand.
      stream.removeAllListeners();
      const answer = {
        head,
        trailers,
        body: Buffer.concat(chunks),
        isWhole: bytes <= options.answerBytesMax + PREFIX_BYTES,
      };
      if (signal.aborted) reject(signal.reason);
      else answered(answer, failure, connection.where, options).then(resolve, reject);
    });
    stream.end(frame);
  });
}

type Headers = Readonly<Record<string, string | number | string[] | undefined>>;

interface Answer {
  readonly head: Headers;
  readonly trailers: Headers;
  readonly body: Buffer;
  readonly isWhole: boolean;
}

async function answered(
  answer: Answer,
  failure: unknown,
  where: string,
  { answerBytesMax }: GrpcClientOptions,
): Promise<Uint8Array | undefined> {
  const { head, trailers } = answer;
  // An answer without a message has its status with the headers.
  const status = trailers["grpc-status"] ?? head["grpc-status"];
  if (status === undefined) throw withoutStatus(head, failure, where);
  if (Number(status) === 0) return messageOf(answer, answerBytesMax);
  const message = percentDecoded(String(trailers["grpc-message"] ?? head["grpc-message"] ?? ""));
  const details = trailers["grpc-status-details-bin"] ?? head["grpc-status-details-bin"];
  throw new GrpcError(Number.isInteger(Number(status)) ? Number(status) : UNKNOWN, message || "no message", {
    ...(details !== undefined && { details: Buffer.from(String(details), "base64") }),
  });
}

async function messageOf({ head, body, isWhole }: Answer, bytesMax: number): Promise<Uint8Array | undefined> {
  if (!isWhole || body.length < PREFIX_BYTES || body.readUInt32BE(1) !== body.length - PREFIX_BYTES) return undefined;
  const encoding = String(head["grpc-encoding"] ?? "identity");
  if (body[0] === 0 || encoding === "identity") return body.subarray(PREFIX_BYTES);
  if (encoding !== "gzip" && encoding !== "deflate") return undefined;
  return promisify(encoding === "gzip" ? gunzip : inflate)(body.subarray(PREFIX_BYTES), {
    maxOutputLength: bytesMax,
  }).catch(() => undefined);
}

function withoutStatus(head: Headers, failure: unknown, where: string): GrpcError {
  const { ":status": httpStatus, "content-type": contentType } = head;
  if (httpStatus !== undefined && httpStatus !== 200) {
    const status = STATUS_OF_HTTP[httpStatus as number] ?? UNKNOWN;
    return new GrpcError(status, `this is no gRPC server: it answers with HTTP's status ${httpStatus}`);
  }
  if (failure === undefined && httpStatus === 200 && !String(contentType).startsWith("application/grpc")) {
    return new GrpcError(UNAVAILABLE, `this is no gRPC server: it answers with ${contentType ?? "no content type"}`);
  }
  const early = httpStatus === 200 ? "the answer ended too early" : "the connection ended before an answer came";
  return unavailable(failure ?? new TransportError("ECONNRESET", `${where}: ${early}`), where);
}

function unavailable(thrown: unknown, where: string): GrpcError {
  const failure = transportError(thrown, where);
  return new GrpcError(UNAVAILABLE, failure.message, { cause: failure });
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function framed(body: Uint8Array, { compression }: GrpcClientOptions): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + body.byteLength);
  frame[0] = compression === "none" ? 0 : 1;
  frame.writeUInt32BE(body.byteLength, 1);
  frame.set(body, PREFIX_BYTES);
  return frame;
}
