import { promisify } from "node:util";
import { constants, deflate, gzip, zstdCompress } from "node:zlib";

/** The names that HTTP has for them. `deflate` is zlib's format, as HTTP means it. */
export type Compression = "gzip" | "zstd" | "deflate" | "none";

/** Compresses beside the event loop. `level`: 1 is the fastest; gzip and deflate take 9 for more. */
export function compressor(compression: Compression, level: number): (bytes: Uint8Array) => Promise<Uint8Array> {
  switch (compression) {
    case "none":
      return async (bytes) => bytes;
    case "gzip":
      return (bytes) => promisify(gzip)(bytes, { level: Math.min(level, 9) });
    case "deflate":
      return (bytes) => promisify(deflate)(bytes, { level: Math.min(level, 9) });
    case "zstd":
      return (bytes) => promisify(zstdCompress)(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } });
    default:
      return compression satisfies never;
  }
}
