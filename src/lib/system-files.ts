import { close, open, read } from "node:fs";
import { promisify } from "node:util";
import { NEVER, orAborted } from "./abort.ts";

/** Some files have no end (`/dev/zero`), and some are not what was meant. */
const BYTES_MAX = 16 * 1024 ** 2;
const PIECE_BYTES = 64 * 1024;

/**
 * A file's text as UTF-8, or its first 16 MiB, which is far more than whoever reads a configuration or a certificate
 * will take. Rejects as Node's `readFile` does, when aborted with the signal's reason.
 *
 * Through the plainest of Node's functions: what is behind its streams of files takes 2 ms of each start to load.
 */
export function readTextFile(path: string, signal = NEVER): Promise<string> {
  return orAborted(readText(path, signal), signal);
}

async function readText(path: string, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  const file = await promisify(open)(path, "r");
  try {
    const pieces: Buffer[] = [];
    for (let size = 0; size < BYTES_MAX; ) {
      const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, BYTES_MAX - size));
      const { bytesRead } = await promisify(read)(file, piece, 0, piece.length, null);
      signal.throwIfAborted();
      if (bytesRead === 0) break;
      pieces.push(piece.subarray(0, bytesRead));
      size += bytesRead;
    }
    return Buffer.concat(pieces).toString();
  } finally {
    await promisify(close)(file);
  }
}
