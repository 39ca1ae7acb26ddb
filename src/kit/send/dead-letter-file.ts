import { appendFile, stat } from "node:fs/promises";
import type { Deps } from "../../component/component.ts";
import { batchJson } from "../../model/otlp/json-writer.ts";
import type { DeadLetters } from "./dead-letters.ts";

/**
 * Dead letters in a file of lines: `{"time", "exporter", "signal", "reason", "message", "request"}`, where `request` is
 * the export request in OTLP's JSON, so it can be sent again with any tool. Lines are written whole, one after the other.
 */
export function deadLetterFile(
  path: string,
  bytesMax: number,
  { id, clock, log }: Pick<Deps, "id" | "clock" | "log">,
): DeadLetters {
  let last: Promise<boolean> = Promise.resolve(true);
  return {
    add({ signal, batch, reason, message }) {
      const time = new Date(clock.now()).toISOString();
      const exporter = id.name === "" ? id.type : `${id.type}/${id.name}`;
      const letter = { time, exporter, signal, reason, message, request: batchJson(signal, batch) };
      last = last.then(() => append(`${JSON.stringify(letter)}\n`));
      return last;
    },
  };

  async function append(line: string): Promise<boolean> {
    try {
      if ((await sizeOf(path)) + Buffer.byteLength(line) > bytesMax) {
        log.limited("dead_letter_full").error("the dead letter file is full", { path, max_size: bytesMax });
        return false;
      }
      await appendFile(path, line, { mode: 0o600 });
      return true;
    } catch (error) {
      log.limited("dead_letter_failed").error("the dead letter file cannot be written", { path, error });
      return false;
    }
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0; // Not there yet; if it cannot be made, the write says so.
  }
}
