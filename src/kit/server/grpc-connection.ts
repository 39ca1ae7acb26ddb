import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { type AcceptedConnection, PROOF_TIMEOUT_MS, type Served, type Shared } from "./connection.ts";
import { GrpcCall } from "./grpc-call.ts";
import { GRPC_STATUS, problem } from "./grpc-frame.ts";
import { PingProof } from "./ping-proof.ts";
import { NO_EVIDENCE, openReceipt } from "./receipt.ts";

/** Calls of one connection that may be open at a time. GOST has one for each of its emitters. */
const STREAMS_MAX = 256;
/** How much of its messages a peer may send ahead: the default of 64 KiB makes large reports wait for the round trip. */
const WINDOW_BYTES = 1024 * 1024;
const SESSION_MEMORY_MIB_MAX = 64;

/**
 * One HTTP/2 connection that brings gRPC calls.
 *
 * On `node:http2` and not on grpc-js's server: that one answers unknown methods, messages that are too large and what is
 * not gRPC by itself, in words that name no way out and without telling anybody; it has no deadline for a message; and it
 * keeps the session, which the PINGs need, to itself. What a unary server needs of gRPC is small (grpc-frame.ts).
 */
export class GrpcConnection implements Served {
  readonly #session: ServerHttp2Session;
  readonly #connection: AcceptedConnection;
  readonly #shared: Shared;
  readonly #methods: readonly string[] | undefined;
  readonly #proof: PingProof;
  readonly #calls = new Set<GrpcCall>();
  readonly #startedAt: number;
  #greeted = false;
  #called = false;
  #draining = false;
  #activeAt: number;
  /** When the PING was sent that asks an idle peer whether it is alive. */
  #askedAt: number | undefined;

  constructor(socket: Socket, connection: AcceptedConnection, shared: Shared, methods: readonly string[] | undefined) {
    this.#connection = connection;
    this.#shared = shared;
    this.#methods = methods;
    this.#startedAt = shared.clock.monotonic();
    this.#activeAt = this.#startedAt;
    // Loaded with the first connection that needs it: it would be a tenth of every start, and many agents have none.
    const http2 = process.getBuiltinModule("node:http2");
    const session = http2.performServerHandshake(socket, {
      settings: { maxConcurrentStreams: STREAMS_MAX, initialWindowSize: WINDOW_BYTES, maxHeaderListSize: 16 * 1024 },
      maxSessionMemory: SESSION_MEMORY_MIB_MAX,
    });
    this.#session = session;
    this.#proof = new PingProof(session, shared.clock, () => this.#closeWhenDrained());
    session.setLocalWindowSize(WINDOW_BYTES);
    session.on("stream", (stream, headers) => this.#stream(stream, headers));
    session.once("remoteSettings", () => {
      this.#greeted = true;
    });
    session.on("error", (error: NodeJS.ErrnoException) => {
      // grpc-go says good-bye with the number of its own last stream, which HTTP/2 does not allow: no reason to complain.
      const isGoodBye = this.#called && this.#calls.size === 0;
      if (!isGoodBye && error.code?.startsWith("ERR_HTTP2")) this.#rejected("bad_http2", error.message);
    });
    session.once("close", () => socket.destroy());
    socket.once("end", () => session.destroy());
    socket.once("close", () => {
      connection.end();
      this.#proof.lost();
      for (const call of this.#calls) call.receipt.settle(call.status === GRPC_STATUS.ok ? "unknown" : "unread");
    });
  }

  check(now: number): void {
    const { headerTimeoutMs, bodyTimeoutMs, idleTimeoutMs } = this.#shared.limits;
    this.#proof.check(now);
    if (!this.#greeted) {
      if (now - this.#startedAt < headerTimeoutMs) return;
      this.#rejected("header_timeout", `no HTTP/2 settings within ${headerTimeoutMs} ms`);
      this.#session.destroy();
      return;
    }
    for (const call of this.#calls) {
      if (call.received || now < call.bodyDeadline) continue;
      call.refuse(problem(GRPC_STATUS.unavailable, "body_timeout", `no whole message within ${bodyTimeoutMs} ms`));
    }
    if (this.#calls.size === 0) this.#checkIdle(now, idleTimeoutMs);
  }

  drain(): void {
    if (this.#draining || this.#session.destroyed) return;
    this.#draining = true; // No GOAWAY yet: peers take it as leave to go before they acknowledge the last PING.
    this.#closeWhenDrained();
  }

  #stream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    stream.on("error", () => {}); // `close` follows, with the reason in `rstCode`.
    const path = String(headers[":path"]);
    if (headers[":method"] !== "POST" || !headers["content-type"]?.startsWith("application/grpc")) {
      this.#rejected(
        "not_grpc",
        `${headers[":method"]} ${path} with content-type ${headers["content-type"] ?? "absent"}`,
      );
      stream.respond({ ":status": 415, "content-type": "text/plain; charset=utf-8" });
      stream.end("over HTTP/2 only gRPC is served here: use HTTP/1.1\n");
      stream.resume();
      return;
    }
    const { receipts, limits, bodies, clock } = this.#shared;
    const call = new GrpcCall({
      connection: this.#connection,
      stream,
      headers,
      path,
      receipt: receipts ? openReceipt(this.#proof) : NO_EVIDENCE,
      messageBytesMax: limits.bodyBytesMax,
      bodies,
      bodyDeadline: clock.monotonic() + limits.bodyTimeoutMs,
      events: {
        ready: (call) => this.#shared.queue.add(call),
        rejected: (reason, detail) => this.#rejected(reason, detail),
      },
    });
    this.#called = true;
    this.#calls.add(call);
    stream.once("close", () => this.#ended(call, stream));
    call.receive();
    if (this.#draining) {
      call.refuse(problem(GRPC_STATUS.unavailable, "after_end", "this server is shutting down"));
    } else if (this.#methods && !this.#methods.includes(path)) {
      const known = `this server knows ${this.#methods.join(", ")}`;
      call.refuse(problem(GRPC_STATUS.unimplemented, "unknown_method", `unknown method ${path}: ${known}`));
    }
  }

  #ended(call: GrpcCall, stream: ServerHttp2Stream): void {
    this.#calls.delete(call);
    call.drop();
    this.#activeAt = this.#shared.clock.monotonic();
    // Never answered with success, or given up by the caller: it did not read one. On a lost connection, who knows.
    if (call.status !== GRPC_STATUS.ok) call.receipt.settle("unread");
    else if (this.#session.destroyed || this.#session.closed) call.receipt.settle("unknown");
    else if (stream.rstCode !== 0) call.receipt.settle("unread");
    else if (call.receipt.state === "open") this.#proof.sent(call.receipt);
    this.#closeWhenDrained();
  }

  /** A gRPC connection is kept while its peer is alive: its loss means to others that the node is gone. */
  #checkIdle(now: number, idleTimeoutMs: number): void {
    if (this.#askedAt !== undefined) {
      if (now - this.#askedAt >= PROOF_TIMEOUT_MS) this.#session.destroy();
    } else if (now - this.#activeAt >= idleTimeoutMs) {
      this.#askedAt = now;
      this.#session.ping(() => {
        this.#askedAt = undefined;
        this.#activeAt = this.#shared.clock.monotonic();
      });
    }
  }

  #closeWhenDrained(): void {
    if (this.#draining && this.#calls.size === 0 && !this.#proof.pending) this.#session.close();
  }

  #rejected(reason: string, detail: string): void {
    this.#shared.handler.rejected?.(reason, this.#connection, detail);
  }
}
