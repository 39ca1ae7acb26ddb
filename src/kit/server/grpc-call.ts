import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { ServerAnswer } from "../../component/server.ts";
import { free } from "../../lib/free.ts";
import { type AcceptedConnection, type BodyBudget, crowding } from "./connection.ts";
import { isKnownCompression } from "./decompress.ts";
import {
  ACCEPTED_ENCODINGS,
  framed,
  GRPC_STATUS,
  type GrpcProblem,
  plainMessage,
  problem,
  statusMessage,
  UnaryMessage,
} from "./grpc-frame.ts";
import type { SettableReceipt } from "./receipt.ts";
import type { Waiting } from "./request-queue.ts";

/** The HTTP/2 error code (RFC 9113, section 7) that is none. */
const NO_ERROR = 0;

/** What a call tells the connection that it runs on. */
export interface CallEvents {
  /** The request is complete and waits to be answered. */
  ready(call: GrpcCall): void;
  rejected(reason: string, detail: string): void;
}

export interface CallOptions {
  readonly connection: AcceptedConnection;
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  readonly path: string;
  readonly receipt: SettableReceipt;
  readonly messageBytesMax: number;
  readonly bodies: BodyBudget;
  /** When the message has to be there; monotonic. */
  readonly bodyDeadline: number;
  readonly events: CallEvents;
}

/** One unary call, from its headers to its trailers. */
export class GrpcCall implements Waiting {
  readonly protocol = "grpc";
  readonly method = "POST";
  readonly query = "";
  readonly connection: AcceptedConnection;
  readonly path: string;
  readonly receipt: SettableReceipt;
  readonly bodyDeadline: number;
  body: Uint8Array = EMPTY;
  /** Whether nothing of the request is missing any more. */
  received = false;
  /** The status that was answered with, once an answer was written. */
  status: number | undefined;
  readonly #options: CallOptions;
  readonly #message: UnaryMessage;
  #gone: AbortController | undefined;
  #held = 0;
  /** The message, where it came compressed. */
  #plain: Buffer = EMPTY;

  constructor(options: CallOptions) {
    this.#options = options;
    this.#message = new UnaryMessage(options.messageBytesMax);
    this.connection = options.connection;
    this.path = options.path;
    this.receipt = options.receipt;
    this.bodyDeadline = options.bodyDeadline;
  }

  header(name: string): string | undefined {
    const value = this.#options.headers[name];
    return typeof value === "string" ? value : value?.[0];
  }

  get signal(): AbortSignal {
    this.#gone ??= new AbortController();
    if (this.#options.stream.closed) this.#abort();
    return this.#gone.signal;
  }

  receive(): void {
    const { stream } = this.#options;
    const encoding = this.header("grpc-encoding") ?? "identity";
    if (encoding !== "identity" && !isKnownCompression(encoding)) {
      const message = `the compression ${encoding} is not supported, but ${ACCEPTED_ENCODINGS} are`;
      this.refuse(problem(GRPC_STATUS.unimplemented, "bad_compression", message));
    }
    stream.on("data", (chunk: Buffer) => this.#take(chunk));
    stream.on("end", () => this.#end(encoding));
  }

  answer(answer: ServerAnswer): void {
    const { stream, receipt } = this.#options;
    this.#forget();
    if (this.status !== undefined || stream.closed || stream.destroyed) return;
    this.status = answer.status;
    this.#release();
    if (answer.status !== GRPC_STATUS.ok) {
      receipt.settle("unknown");
      this.#endWithStatus(answer.status, answer.message ?? "", answer.headers);
      return;
    }
    const { body = EMPTY } = answer;
    stream.respond({ ...RESPONSE_HEADERS, ...answer.headers }, { waitForTrailers: true });
    stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(framed(typeof body === "string" ? Buffer.from(body) : body));
  }

  refuse({ status, reason, message }: GrpcProblem): void {
    if (this.status !== undefined) return;
    this.#options.events.rejected(reason, message);
    this.answer({ status, message });
  }

  handlerFailed(error: unknown): void {
    this.#options.events.rejected("handler_failed", String(error));
    this.answer({ status: GRPC_STATUS.internal, message: "the request could not be handled" });
  }

  overloaded(detail: string): void {
    this.refuse(problem(GRPC_STATUS.unavailable, "overloaded", detail));
  }

  /** The stream has ended, one way or another. */
  drop(): void {
    this.#release();
    if (this.status === undefined) this.#abort();
  }

  #take(chunk: Buffer): void {
    if (this.status !== undefined) return; // What still comes behind an early answer is thrown away.
    const wrong = this.#message.take(chunk);
    if (wrong) this.refuse(wrong);
    else this.#hold(chunk.length);
  }

  /** Counts more bytes that are held for this call; false where they are too many, and the call is refused. */
  #hold(bytes: number): boolean {
    const { bodies } = this.#options;
    this.#held += bytes;
    bodies.bytes += bytes;
    const crowded = crowding(bodies, this.#held);
    if (crowded !== undefined) this.overloaded(crowded);
    return crowded === undefined;
  }

  #end(encoding: string): void {
    this.received = true;
    if (this.status !== undefined) return;
    const whole = this.#message.whole();
    if ("status" in whole) this.refuse(whole);
    else if (whole.compressed) this.#decompress(whole.message, encoding);
    else this.#ready(whole.message);
  }

  #decompress(message: Buffer, encoding: string): void {
    const plain = plainMessage(message, encoding, this.#options.messageBytesMax);
    if ("reason" in plain) {
      this.refuse(plain);
      return;
    }
    this.#message.forget();
    this.#plain = plain;
    if (this.#hold(plain.length)) this.#ready(plain);
  }

  #ready(message: Buffer): void {
    this.body = message;
    this.#options.events.ready(this);
  }

  /** One block of headers and trailers, as gRPC writes an answer without a message. */
  #endWithStatus(status: number, message: string, headers: ServerAnswer["headers"]): void {
    const { stream } = this.#options;
    stream.respond(
      { ...RESPONSE_HEADERS, ...headers, "grpc-status": String(status), "grpc-message": statusMessage(message) },
      { endStream: true },
    );
    // The client need not send the rest (RFC 9113, section 8.1).
    if (!this.received) stream.close(NO_ERROR);
  }

  /** Node holds on to the stream until a full collection, and so to us. */
  #forget(): void {
    this.body = EMPTY;
    this.#message.forget();
    free(this.#plain);
    this.#plain = EMPTY;
  }

  #abort(): void {
    this.#gone?.abort(new Error("the call has ended"));
  }

  #release(): void {
    this.#options.bodies.bytes -= this.#held;
    this.#held = 0;
  }
}

const EMPTY = Buffer.alloc(0);

const RESPONSE_HEADERS = {
  ":status": 200,
  "content-type": "application/grpc",
  "grpc-accept-encoding": ACCEPTED_ENCODINGS,
} as const;
