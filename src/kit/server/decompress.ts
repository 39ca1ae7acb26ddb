import { constants, gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib";
import { viewOf } from "../../lib/view-of.ts";
import { atOnce } from "../../lib/zlib-at-once.ts";

/** The compressions that are undone, as HTTP and gRPC name them. `deflate` is zlib's format. */
export const COMPRESSIONS = ["gzip", "deflate", "zstd"] as const;

export type KnownCompression = (typeof COMPRESSIONS)[number];

/** RFC 9659: whoever takes zstd need not give a stream more memory than 8 MiB for its window. */
const ZSTD_WINDOW_LOG_MAX = 23;

export function isKnownCompression(name: string): name is KnownCompression {
  return (COMPRESSIONS as readonly string[]).includes(name);
}

/**
 * Undoes a compression, and stops as soon as there is more than `bytesMax` of it. At once and not beside the event loop:
 * a thousand small requests that grow large are one large one at a time in this way, and not a thousand.
 */
export function decompress(
  bytes: Uint8Array,
  compression: KnownCompression,
  bytesMax: number,
): Buffer | "too_large" | "damaged" {
  const limits = { maxOutputLength: bytesMax, chunkSize: chunkSizeFor(bytes, compression, bytesMax) };
  try {
    switch (compression) {
      case "gzip":
        return atOnce(gunzipSync, bytes, limits);
      case "deflate":
        return atOnce(inflateSync, bytes, limits);
      case "zstd": {
        const params = { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX };
        return atOnce(zstdDecompressSync, bytes, { ...limits, params });
      }
      default:
        return compression satisfies never;
    }
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE" ? "too_large" : "damaged";
  }
}

const CHUNK_BYTES_MIN = 16 * 1024;
/** What deflate can do at the most: https://zlib.net/zlib_tech.html */
const RATIO_MAX = 1032;

/**
 * gzip says at its end how long the text is (RFC 1952, modulo 2^32): in one piece of that size nothing has to be put
 * together. Where that is a lie it costs an allocation, of no more than may come of it.
 */
function chunkSizeFor(bytes: Uint8Array, compression: KnownCompression, bytesMax: number): number {
  if (compression !== "gzip" || bytes.length < 4) return CHUNK_BYTES_MIN;
  const told = viewOf(bytes).getUint32(bytes.length - 4, true);
  // One byte more, or a piece that is full would be followed by an empty one.
  return Math.max(CHUNK_BYTES_MIN, Math.min(told, bytesMax, bytes.length * RATIO_MAX) + 1);
}
