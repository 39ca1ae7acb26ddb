import { error, type Finding } from "./finding.ts";
import type { Range, Source } from "./source.ts";

/** Reads a whole file as text; rejects as Node's `readFile` does. Relative paths are the caller's to resolve. */
export type ReadFile = (path: string, signal: AbortSignal) => Promise<string>;

/** What configuration may come from besides its own text. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly readFile: ReadFile;
}

/** Far more than any configuration: what is larger is the wrong file. */
const CHARACTERS_MAX = 4 * 1024 * 1024;

/** The file's text, or what is wrong with it, said at `range`: where the file is named. */
export async function readText(
  path: string,
  readFile: ReadFile,
  range: Range,
  signal: AbortSignal,
): Promise<string | Finding> {
  try {
    const text = await readFile(path, signal);
    if (text.length <= CHARACTERS_MAX) return text.replace(/^\uFEFF/, "");
    return error("too_large", range, `the file ${path} has more than ${CHARACTERS_MAX} characters`);
  } catch (thrown) {
    signal.throwIfAborted();
    return error("unreadable_source", range, `the file ${path} cannot be read: ${reasonOf(thrown)}`);
  }
}

export const wholeOf = (source: Source): Range => ({ source, start: 0, end: source.text.length });

function reasonOf(thrown: unknown): string {
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  switch (code) {
    case "ENOENT":
      return "there is no such file";
    case "EACCES":
    case "EPERM":
      return "permission denied";
    case "EISDIR":
      return "it is a folder";
    default:
      return thrown instanceof Error ? thrown.message : String(thrown);
  }
}
