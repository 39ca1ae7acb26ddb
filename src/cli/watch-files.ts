import { NEVER } from "../lib/abort.ts";
import type { Cancel } from "../lib/clock.ts";
import type { CliContext } from "./context.ts";

const PERIOD_MS = 1_000;

/**
 * Calls `changed` when one of the files reads otherwise than before. Looks every second and calls when it has found the
 * same twice, so that a file that is being written is not read half. A file that is gone is awaited: editors replace.
 */
export function watchFiles(
  { clock, readFile }: Pick<CliContext, "clock" | "readFile">,
  files: readonly string[],
  changed: () => void,
): Cancel {
  let told: string | undefined;
  let seen: string | undefined;
  let looking = false;
  const look = async () => {
    if (looking) return;
    looking = true;
    const texts = await Promise.all(files.map((file) => readFile(file, NEVER).catch(() => undefined)));
    looking = false;
    if (texts.includes(undefined)) return;
    const found = JSON.stringify(texts);
    const settled = found === seen;
    seen = found;
    told ??= found;
    if (!settled || found === told) return;
    told = found;
    changed();
  };
  void look();
  return clock.every(PERIOD_MS, () => void look());
}
