import { execFile } from "node:child_process";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

/** A file system of its own that can really be full. */
export interface SmallDisk {
  readonly folder: string;
  /** Takes all room that is left. */
  fill(): Promise<void>;
  /** Gives that room back. */
  free(): Promise<void>;
}

const run = promisify(execFile);
const BLOCK = Buffer.alloc(4096);

/** One that ends with the running test; undefined where this machine does not let us mount any. */
export async function mountSmallDisk(bytes: number): Promise<SmallDisk | undefined> {
  const folder = await temporaryFolder("disk");
  try {
    await run("mount", ["-t", "tmpfs", "-o", `size=${bytes}`, "gostcol-test", folder]);
  } catch {
    return undefined;
  }
  onTestFinished(async () => void (await run("umount", ["--lazy", folder])));
  const ballast = join(folder, "ballast");
  return {
    folder,
    async fill() {
      const file = await open(ballast, "a");
      try {
        for (;;) await file.write(BLOCK);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      } finally {
        await file.close();
      }
    },
    free: () => rm(ballast),
  };
}
