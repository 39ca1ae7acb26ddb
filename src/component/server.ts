import type { Receipt } from "../model/source-facts.ts";
import type { Peer } from "./delivery.ts";

/**
 * The seam between components and the network's listening side. A component says what it serves and gets whole
 * requests; connections, framing, TLS, deadlines, and the evidence of which answers were read, are below.
 * The real one listens on a socket, a simulated one has a world of its own.
 */
export interface ServerOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly protocols: readonly ("http" | "grpc")[];
  /** Absent: plain text. */
  readonly tls?: ServerTls;
  readonly limits: ServerLimits;
  /**
   * Whether answers are worth evidence that they were read (a PING behind each gRPC reply, watching how HTTP
   * connections end). Without it every receipt is `unknown` from the start.
   */
  readonly receipts: boolean;
  /** For gRPC: the full method names that the handler knows, so that the answer to another can name the right one. */
  readonly grpcMethods?: readonly string[];
  /** While it says so only small bodies are read, the others are refused as `overloaded`. The agent's to give. */
  readonly memoryIsShort?: () => boolean;
}

/** File contents are read, and read again when they change, below the seam. */
export interface ServerTls {
  readonly certFile?: string;
  readonly certPem?: string;
  readonly keyFile?: string;
  readonly keyPem?: string;
  readonly clientCaFile?: string;
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
  readonly maxVersion?: "TLSv1.2" | "TLSv1.3";
  readonly cipherSuites?: readonly string[];
  /** How often files are looked at; 0 never. */
  readonly reloadIntervalMs: number;
  /** Whether the client CA is looked at as well; by default it is. */
  readonly clientCaFileReload?: boolean;
}

export interface ServerLimits {
  readonly bodyBytesMax: number;
  readonly connectionsMax: number;
  /** From a connection's or request's first byte to the end of its headers. */
  readonly headerTimeoutMs: number;
  /** From the end of the headers to the end of the body. */
  readonly bodyTimeoutMs: number;
  /** A connection without a request is closed after this. */
  readonly idleTimeoutMs: number;
  /** How long bytes of answers over HTTP wait for their reader; then the connection is cut. */
  readonly writeTimeoutMs: number;
}

export interface ServerHandler {
  /** One whole request. Must not throw; a promise must not reject. */
  request(request: ServerRequest): ServerAnswer | Promise<ServerAnswer>;
  /** A request that was answered below the seam (too large, too slow, not HTTP); `reason` is in snake_case. */
  rejected?(reason: string, connection: ServerConnection, detail: string): void;
  opened?(connection: ServerConnection): void;
  closed?(connection: ServerConnection): void;
}

export interface ServerConnection {
  /** Unique in this process. */
  readonly id: number;
  readonly peer: Peer;
  /** False once it has ended. */
  readonly open: boolean;
  /** Whether it was ended from our side (idle, asked for proof, refused): that says nothing of the peer's life. */
  readonly endedByUs: boolean;
}

export interface ServerRequest {
  readonly connection: ServerConnection;
  readonly protocol: "http" | "grpc";
  /** The HTTP method; `POST` for gRPC. */
  readonly method: string;
  /** Without the query; for gRPC the full method name. */
  readonly path: string;
  /** Without the question mark; empty for gRPC. */
  readonly query: string;
  /** The value of a header or a metadata key (lower case), the first where there are several. */
  header(name: string): string | undefined;
  /** Until it is answered; over gRPC it is empty then, and its memory may be gone: whoever keeps a part of it copies that. */
  readonly body: Uint8Array;
  /** The fate of the answer that will be given to this request. */
  readonly receipt: Receipt;
  /** Aborted when the connection ends before the answer. */
  readonly signal: AbortSignal;
}

/** `status` is the HTTP status, or the gRPC code; a gRPC answer's body is its message, absent on an error. */
export interface ServerAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** gRPC only: the status message. */
  readonly message?: string;
  /** HTTP only: called once nobody looks at the body any more, whether it was sent or not. */
  readonly done?: () => void;
}

export interface Server {
  /** Where it really listens. */
  readonly host: string;
  readonly port: number;
  readonly openConnections: number;
  /** Accepts nothing more, lets what is being answered finish, then closes all; at the deadline it closes at once. Safe twice. */
  close(deadline: AbortSignal): Promise<void>;
}

export interface Listen {
  /** Resolves when it listens; rejects with a `ListenError` when it cannot. */
  (options: ServerOptions, handler: ServerHandler, signal: AbortSignal): Promise<Server>;
  /**
   * The agent's, for a reload: until the returned function is called, a port outlives the server that closes. Who
   * connects meanwhile waits for the next one that listens at the same endpoint.
   */
  readonly holdPorts?: () => () => void;
}

/** `code` is the system's (`EADDRINUSE`, `EACCES`, ...), or `TLS` for certificates and keys. */
export class ListenError extends Error {
  override readonly name = "ListenError";
  readonly code: string;
  constructor(code: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
