import { free } from "../../lib/free.ts";
import { COMPRESSIONS, decompress, isKnownCompression } from "./decompress.ts";

/** gRPC over HTTP/2, the part of it that a unary server needs: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */

/** The status codes that this server gives by itself. */
export const GRPC_STATUS = { ok: 0, resourceExhausted: 8, unimplemented: 12, internal: 13, unavailable: 14 } as const;

export const ACCEPTED_ENCODINGS = ["identity", ...COMPRESSIONS].join(",");

/** A flag and a length of four bytes are in front of each message. */
const PREFIX_BYTES = 5;

export interface GrpcProblem {
  readonly status: number;
  /** In snake_case, for counters. */
  readonly reason: string;
  readonly message: string;
}

/** Collects the one message of a unary call, and knows as early as can be that it will not be taken. */
export class UnaryMessage {
  readonly #bytesMax: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** As the prefix says, once that is there. */
  #length: number | undefined;
  /** All that came until then, where it came in several chunks. */
  #whole: Buffer | undefined;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  take(chunk: Buffer): GrpcProblem | undefined {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#length === undefined && this.#bytes >= PREFIX_BYTES) {
      this.#length = this.#joined().readUInt32BE(1);
      if (this.#length > this.#bytesMax) return tooLarge(this.#bytesMax, `a message of ${this.#length} bytes`);
    }
    if (this.#length !== undefined && this.#bytes > PREFIX_BYTES + this.#length) {
      return problem(GRPC_STATUS.unimplemented, "bad_grpc", "only unary calls are served: more than one message came");
    }
    return undefined;
  }

  /** The message as it came, with whether it is compressed; or what is wrong with it. */
  whole(): { readonly message: Buffer; readonly compressed: boolean } | GrpcProblem {
    if (this.#length === undefined || this.#bytes < PREFIX_BYTES + this.#length) {
      return problem(GRPC_STATUS.internal, "truncated", `the message is not complete: ${this.#bytes} bytes came`);
    }
    const frame = this.#joined();
    return { message: frame.subarray(PREFIX_BYTES), compressed: frame[0] === 1 };
  }

  /** Nobody needs it any more, nor what `whole` gave. */
  forget(): void {
    this.#chunks = [];
    if (this.#whole !== undefined) free(this.#whole);
    this.#whole = undefined;
  }

  #joined(): Buffer {
    if (this.#chunks.length > 1) {
      const whole = Buffer.concat(this.#chunks, this.#bytes);
      this.forget();
      this.#whole = whole;
      this.#chunks = [whole];
    }
    return this.#chunks[0] ?? Buffer.alloc(0);
  }
}

/** The message as it was before it was compressed, in memory of its own; or what is wrong with it. */
export function plainMessage(message: Buffer, encoding: string, bytesMax: number): Buffer | GrpcProblem {
  if (!isKnownCompression(encoding)) {
    return problem(GRPC_STATUS.internal, "bad_grpc", "a compressed message without the name of its compression");
  }
  const plain = decompress(message, encoding, bytesMax);
  if (plain === "too_large") return tooLarge(bytesMax, "a message that grows beyond its limit when it is decompressed");
  return plain === "damaged"
    ? problem(GRPC_STATUS.internal, "bad_compression", `the message is not ${encoding}`)
    : plain;
}

export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.byteLength);
  frame[0] = 0;
  frame.writeUInt32BE(message.byteLength, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

/** Percent-encodes what a `grpc-message` may not hold as it is. */
export function statusMessage(text: string): string {
  return text.toWellFormed().replace(/[^\x20-\x24\x26-\x7e]+/g, encodeURIComponent);
}

export function problem(status: number, reason: string, message: string): GrpcProblem {
  return { status, reason, message };
}

const tooLarge = (bytesMax: number, what: string) =>
  problem(GRPC_STATUS.resourceExhausted, "too_large", `${what}: at most ${bytesMax} bytes are taken`);
