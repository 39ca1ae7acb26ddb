import type { CliContext } from "./context.ts";

const CHUNK_CHARACTERS = 64 * 1024;

/** A write for each line would be slow, and one for all of them large. */
export function printLines({ print }: CliContext, lines: Iterable<string>): void {
  let chunk = "";
  for (const line of lines) {
    chunk += `${line}\n`;
    if (chunk.length < CHUNK_CHARACTERS) continue;
    print(chunk);
    chunk = "";
  }
  if (chunk !== "") print(chunk);
}
