import type { BrotliOptions, ZlibOptions, ZstdOptions } from "node:zlib";

type Options = ZlibOptions | ZstdOptions | BrotliOptions;

/** What Node's functions give with `info`; its types do not say so. */
interface WithEngine {
  readonly buffer: Buffer;
  /** The stream that did the work, with the memory that it wrote to: https://github.com/nodejs/node/blob/main/lib/zlib.js */
  readonly engine: { _outBuffer?: unknown };
}

/**
 * Runs one of zlib's synchronous functions, such that its result is all that is left of it. Node holds on to the stream
 * behind such a call, and this one to the result, until the next full collection, which then comes every few hundred calls
 * and finds hundreds of megabytes.
 */
export function atOnce<O extends Options>(
  run: (bytes: Uint8Array, options: O) => Buffer,
  bytes: Uint8Array,
  options: O,
): Buffer {
  const { buffer, engine } = run(bytes, { ...options, info: true }) as unknown as WithEngine;
  engine._outBuffer = undefined;
  return buffer;
}
