/**
 * The seam between components and the network's sending side. A component says where to and gets whole answers;
 * connections, TLS and framing are below. The real one opens sockets, a simulated one has a world of its own.
 * A client opens nothing before its first call, and opens again by itself what was closed.
 */
export interface Transport {
  http(options: HttpClientOptions): HttpClient;
  grpc(options: GrpcClientOptions): GrpcClient;
  messages(options: MessageSocketOptions): MessageSocket;
}

export type MessageSocketOptions =
  | { readonly protocol: "udp"; readonly host: string; readonly port: number }
  | { readonly protocol: "tcp"; readonly host: string; readonly port: number }
  | { readonly protocol: "unix"; readonly path: string };

/** Messages one way, without an answer. */
export interface MessageSocket {
  /**
   * Resolves when the system has taken the message whole. Rejects with a `TransportError`, and with the signal's reason
   * when it aborts: then a stream's connection ends, for half of the message may have left. One at a time.
   */
  send(message: Uint8Array, signal: AbortSignal): Promise<void>;
  close(): void;
}

interface ClientOptions {
  /** Absent: plain text. */
  readonly tls?: ClientTls;
  /** The most that is kept of an answer. */
  readonly answerBytesMax: number;
}

export interface HttpClientOptions extends ClientOptions {
  readonly connectionsMax: number;
  /** A connection that was not used for so long is closed. */
  readonly idleTimeoutMs: number;
}

export interface HttpClient {
  /** Rejects with a `TransportError` when there is no whole answer, and with the signal's reason when it aborts. */
  request(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>;
  close(): void;
}

export interface HttpRequest {
  readonly method: "POST" | "GET" | "PUT";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface HttpAnswer {
  readonly status: number;
  /** By lower-case name; the first where there are several. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of a long one the beginning: as much as `answerBytesMax`. */
  readonly body: Uint8Array;
}

export interface GrpcClientOptions extends ClientOptions {
  readonly host: string;
  readonly port: number;
  /** What the server is told that it is called; by default `host:port`. */
  readonly authority?: string;
  readonly compression: "gzip" | "deflate" | "none";
  readonly compressionLevel?: number;
  /** A PING after so much silence, with calls under way or not; 0 never. */
  readonly keepaliveMs: number;
  /** How long a PING may go unanswered. */
  readonly keepaliveTimeoutMs: number;
}

export interface GrpcClient {
  /**
   * One unary call: the message of the answer, or `undefined` where the status is OK and the message is too large or
   * nothing that can be read. Rejects with a `GrpcError`, or with the signal's reason when it aborts.
   */
  call(
    method: string,
    message: Uint8Array,
    metadata: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined>;
  close(): void;
}

/** File contents are read, and read again when they change, below the seam. */
export interface ClientTls {
  readonly caFile?: string;
  readonly caPem?: string;
  /** Whether the system's CAs count beside those. */
  readonly includeSystemCas: boolean;
  readonly certFile?: string;
  readonly certPem?: string;
  readonly keyFile?: string;
  readonly keyPem?: string;
  /** Takes every certificate: for tests. */
  readonly insecureSkipVerify: boolean;
  /** The name that the server's certificate has to have, in place of the host's. */
  readonly serverName?: string;
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
  readonly maxVersion?: "TLSv1.2" | "TLSv1.3";
  readonly cipherSuites?: readonly string[];
  /** How often files are looked at; 0 never. */
  readonly reloadIntervalMs: number;
}

/** There is no whole answer. `code` is the system's (`ECONNREFUSED`, ...), or `TLS`, `TRUNCATED`. */
export class TransportError extends Error {
  override readonly name = "TransportError";
  readonly code: string;
  constructor(code: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** The call's status is not OK. `status` is gRPC's number; 14 (UNAVAILABLE) where no server was reached. */
export class GrpcError extends Error {
  override readonly name = "GrpcError";
  readonly status: number;
  /** The bytes of `grpc-status-details-bin`: a `google.rpc.Status`. */
  readonly details: Uint8Array | undefined;
  constructor(
    status: number,
    message: string,
    options: { readonly details?: Uint8Array; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.status = status;
    this.details = options.details;
  }
}
