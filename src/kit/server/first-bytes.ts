import type { Socket } from "node:net";
import type { Served } from "./connection.ts";

export type FirstBytes = "http" | "grpc" | "tls";

/** How every HTTP/2 connection begins (RFC 9113, section 3.4), as far as it takes to be sure. */
const HTTP2_PREFACE = Buffer.from("PRI * HTTP/2.0\r\n");

/** What a connection that begins like this speaks, or undefined while that is open. */
export function protocolOf(bytes: Uint8Array): FirstBytes | undefined {
  const length = Math.min(bytes.length, HTTP2_PREFACE.length);
  if (length === 0) return undefined;
  if (HTTP2_PREFACE.compare(bytes, 0, length, 0, length) === 0) {
    return length === HTTP2_PREFACE.length ? "grpc" : undefined;
  }
  // A TLS record of type handshake: somebody's TLS client on a plain port. No HTTP method begins with this byte.
  return bytes[0] === 0x16 ? "tls" : "http";
}

export interface FirstBytesEvents {
  /** The bytes are back in the socket, and nothing of this listens to it any more. */
  known(protocol: FirstBytes): void;
  /** The peer went away or was too slow, without a word where `rejected` is absent. The socket is left to be destroyed. */
  failed(rejected?: { readonly reason: "header_timeout" | "truncated"; readonly detail: string }): void;
}

export interface FirstBytesTimeouts {
  readonly startedAt: number;
  readonly headerTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

export interface ReadingFirstBytes extends Served {
  /** Puts what has come back into the socket, for somebody else to read; nothing of this listens to it any more. */
  letGo(): void;
}

/**
 * Reads from a fresh socket until it is plain what it speaks. The first byte starts the header's deadline; a connection
 * without any is idle (Go opens some that it keeps for later).
 */
export function readFirstBytes(
  socket: Socket,
  timeouts: FirstBytesTimeouts,
  events: FirstBytesEvents,
): ReadingFirstBytes {
  let bytes: Buffer | undefined;
  let firstByteAt: number | undefined;

  const detach = () => {
    socket.off("data", onData);
    socket.off("end", onEnd);
    socket.pause();
  };
  const fail: FirstBytesEvents["failed"] = (rejected) => {
    detach();
    events.failed(rejected);
  };
  const onData = (chunk: Buffer) => {
    bytes = bytes ? Buffer.concat([bytes, chunk]) : chunk;
    const protocol = protocolOf(bytes);
    if (protocol === undefined) return;
    letGo();
    events.known(protocol);
  };
  const letGo = () => {
    detach();
    if (bytes) socket.unshift(bytes);
  };
  const onEnd = () =>
    fail(bytes && { reason: "truncated", detail: `the connection ended after ${bytes.length} bytes` });
  socket.on("data", onData);
  socket.on("end", onEnd);
  socket.resume(); // Somebody else may have had it before.

  return {
    letGo,
    check(now) {
      if (bytes) {
        firstByteAt ??= now;
        if (now - firstByteAt < timeouts.headerTimeoutMs) return;
        fail({ reason: "header_timeout", detail: `only ${bytes.length} bytes in ${timeouts.headerTimeoutMs} ms` });
      } else if (now - timeouts.startedAt >= timeouts.idleTimeoutMs) {
        fail();
      }
    },
    drain: () => fail(),
  };
}
