import { createReadStream } from "node:fs";

/** Some files have no end (`/dev/zero`), and some are not what was meant. */
const BYTES_MAX = 16 * 1024 ** 2;

/**
 * A file's text as UTF-8, or its first 16 MiB, which is far more than whoever reads a configuration or a certificate
 * will take. Rejects as Node's `readFile` does.
 */
export async function readTextFile(path: string, signal?: AbortSignal): Promise<string> {
  let text = "";
  const stream = createReadStream(path, { encoding: "utf8", end: BYTES_MAX - 1, signal });
  for await (const piece of stream) text += piece;
  return text;
}
