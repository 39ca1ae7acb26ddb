import { promisify } from "node:util";
import {
  constants,
  createDeflate,
  createGzip,
  type Deflate,
  deflateSync,
  gzipSync,
  zstdCompress,
  zstdCompressSync,
} from "node:zlib";
import { atOnce } from "../../lib/zlib-at-once.ts";

/** The names that HTTP has for them. `deflate` is zlib's format, as HTTP means it. */
export type Compression = "gzip" | "zstd" | "deflate" | "none";

export type Compress = (bytes: Uint8Array) => Promise<Uint8Array>;

const CHUNK_BYTES = 64 * 1024;
const CHUNK_BYTES_MIN = 1024;
/** At level 1, and less at higher ones. It takes a sixth of a millisecond. */
const AT_ONCE_BYTES_MAX = 128 * 1024;

/**
 * Compresses beside the event loop, but for small messages: to hand one to a thread and back takes as much time as to
 * compress it. `level`: 1 is the fastest; gzip and deflate take 9 for more.
 */
export function compressor(compression: Compression, level: number): Compress {
  const options = { level: Math.min(level, 9), chunkSize: CHUNK_BYTES };
  switch (compression) {
    case "none":
      return async (bytes) => bytes;
    case "gzip":
      return smallAtOnce(
        level,
        (bytes) => atOnce(gzipSync, bytes, { ...options, chunkSize: chunkSizeFor(bytes) }),
        // Its streams can be reset as those of deflate; Node's types do not say so.
        reusing(() => createGzip(options) as unknown as Deflate),
      );
    case "deflate":
      return smallAtOnce(
        level,
        (bytes) => atOnce(deflateSync, bytes, { ...options, chunkSize: chunkSizeFor(bytes) }),
        reusing(() => createDeflate(options)),
      );
    case "zstd": {
      const params = { params: { [constants.ZSTD_c_compressionLevel]: level } };
      return smallAtOnce(
        level,
        (bytes) => atOnce(zstdCompressSync, bytes, params),
        (bytes) => promisify(zstdCompress)(bytes, params),
      );
    }
    default:
      return compression satisfies never;
  }
}

/** What telemetry shrinks to fits into one piece of this size, and is seldom much less. */
const chunkSizeFor = (bytes: Uint8Array) => Math.max(CHUNK_BYTES_MIN, bytes.length >> 2);

function smallAtOnce(level: number, small: (bytes: Uint8Array) => Uint8Array, beside: Compress): Compress {
  const bytesMax = AT_ONCE_BYTES_MAX / Math.max(level, 1);
  return async (bytes) => (bytes.length <= bytesMax ? small(bytes) : beside(bytes));
}

/**
 * Uses one stream for many messages, one after the other, and as many streams as there are messages at a time. Each takes
 * a quarter of a megabyte outside the heap: one for each message makes V8 collect all garbage every few dozen of them.
 */
function reusing(make: () => Deflate): Compress {
  const idle: Deflate[] = [];
  return (bytes) =>
    new Promise((resolve, reject) => {
      const stream = idle.pop() ?? make();
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.once("error", reject);
      stream.write(bytes);
      stream.flush(constants.Z_FINISH, () => {
        stream.removeAllListeners("data").removeAllListeners("error");
        stream.reset();
        idle.push(stream);
        resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
      });
    });
}
