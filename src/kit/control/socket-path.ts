import { closeSync, openSync } from "node:fs";
import { join } from "node:path";

export const SOCKET = "gostcol.sock";

/** What `sun_path` holds: Linux and the others. */
const PATH_BYTES_MAX = { linux: 107, other: 103 } as const;

export interface ReachableFolder {
  /** The path of a file in the folder that is short enough for a socket's address. */
  path(...names: readonly string[]): string;
  /** To be called when it has been bound or connected. */
  release(): void;
}

/**
 * The address of a socket holds about a hundred bytes, which the path of a folder can be longer than. Linux has a short
 * name for every open folder; elsewhere the folder has to be one with a shorter path.
 */
export function reachableFolder(folder: string, longestName: string, platform: NodeJS.Platform): ReachableFolder {
  const bytesMax = platform === "linux" ? PATH_BYTES_MAX.linux : PATH_BYTES_MAX.other;
  const bytes = Buffer.byteLength(join(folder, longestName));
  if (bytes <= bytesMax) return { path: (...names) => join(folder, ...names), release: () => {} };
  if (platform !== "linux") {
    throw new Error(`the path of a socket in ${folder} would have ${bytes} bytes, and ${bytesMax} is the most`);
  }
  const descriptor = openSync(folder, "r");
  return {
    path: (...names) => join(`/proc/self/fd/${descriptor}`, ...names),
    release: () => closeSync(descriptor),
  };
}
