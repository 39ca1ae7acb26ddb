import { promisify } from "node:util";
import { constants, createDeflate, createGzip, type Deflate, zstdCompress } from "node:zlib";

/** The names that HTTP has for them. `deflate` is zlib's format, as HTTP means it. */
export type Compression = "gzip" | "zstd" | "deflate" | "none";

export type Compress = (bytes: Uint8Array) => Promise<Uint8Array>;

const CHUNK_BYTES = 64 * 1024;

/** Compresses beside the event loop. `level`: 1 is the fastest; gzip and deflate take 9 for more. */
export function compressor(compression: Compression, level: number): Compress {
  const options = { level: Math.min(level, 9), chunkSize: CHUNK_BYTES };
  switch (compression) {
    case "none":
      return async (bytes) => bytes;
    case "gzip":
      // Its streams can be reset as those of deflate; Node's types do not say so.
      return reusing(() => createGzip(options) as unknown as Deflate);
    case "deflate":
      return reusing(() => createDeflate(options));
    case "zstd":
      return (bytes) => promisify(zstdCompress)(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } });
    default:
      return compression satisfies never;
  }
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
