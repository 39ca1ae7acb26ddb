import { execFileSync } from "node:child_process";
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

const FREEZABLE_BYTES = 32 * 1024 * 1024;

/** A file system with room for so much and no more. Undefined where this user may not mount one. */
export async function smallDisk(bytes: number): Promise<string | undefined> {
  const folder = await temporaryFolder("small-disk");
  return mounted("tmpfs", folder, ["-t", "tmpfs", "-o", `size=${bytes}`]) ? folder : undefined;
}

export interface FreezableDisk {
  readonly folder: string;
  /** From here on whoever writes waits, in the kernel, until `thaw`. */
  freeze(): void;
  thaw(): void;
}

/** A file system that can be made to hang as a broken disk does. Undefined where this user may not mount one. */
export async function freezableDisk(): Promise<FreezableDisk | undefined> {
  const parent = await temporaryFolder("freezable-disk");
  const [image, folder] = [join(parent, "image"), join(parent, "disk")];
  await mkdir(folder);
  const file = await open(image, "w");
  await file.truncate(FREEZABLE_BYTES);
  await file.close();
  if (!succeeds("mkfs.ext4", ["-q", image]) || !mounted(image, folder, ["-o", "loop"])) return undefined;
  let isFrozen = false;
  const thaw = () => {
    if (isFrozen) execFileSync("fsfreeze", ["--unfreeze", folder]);
    isFrozen = false;
  };
  onTestFinished(thaw); // Before it is unmounted, and before anybody's end is waited for who hangs in it.
  return {
    folder,
    freeze() {
      execFileSync("fsfreeze", ["--freeze", folder]);
      isFrozen = true;
    },
    thaw,
  };
}

function mounted(what: string, folder: string, options: readonly string[]): boolean {
  if (process.getuid?.() !== 0 || !succeeds("mount", [...options, what, folder])) return false;
  onTestFinished(() => void execFileSync("umount", ["--lazy", folder]));
  return true;
}

function succeeds(program: string, args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
