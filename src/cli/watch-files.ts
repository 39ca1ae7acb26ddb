import { NEVER } from "../lib/abort.ts";
import type { Cancel } from "../lib/clock.ts";
import type { CliContext } from "./context.ts";

const PERIOD_MS = 1_000;

/**
 * Calls `changed` when one of the files reads otherwise than before. Looks every second and calls when it has found the
 * same twice, so that a file that is being written is not read half. A file that is gone is awaited: editors replace.
 * `files` is asked each time; what it comes to name later is taken as it is then.
 */
export function watchFiles(
  { clock, readFile }: Pick<CliContext, "clock" | "readFile">,
  files: () => readonly string[],
  changed: () => void,
): Cancel {
  const watched = new Map<string, { told: string | undefined; seen: string | undefined }>();
  let looking = false;
  const look = async () => {
    if (looking) return;
    looking = true;
    let change = false;
    let settled = true;
    for (const file of new Set(files())) {
      const text = await readFile(file, NEVER).catch(() => undefined);
      const last = watched.get(file);
      if (last === undefined) {
        watched.set(file, { told: text, seen: text });
        continue;
      }
      const found = text ?? last.seen;
      if (found !== last.seen) settled = false;
      if (found !== last.told) change = true;
      last.seen = found;
    }
    looking = false;
    if (!change || !settled) return;
    for (const file of watched.values()) file.told = file.seen;
    changed();
  };
  void look();
  return clock.every(PERIOD_MS, () => void look());
}
