import type { ScopeChange } from "../../component/totals.ts";
import { RowPacker } from "./packed-rows.ts";
import { openStoreFile, type StoreFile } from "./store-file.ts";

/** How long an agent is waited for that is about to let go of the folder. */
const LOCK_TIMEOUT_MS = 500;
/** A command adds little, and the agent's own limit is its own. */
const BYTES_MAX = 2 ** 40;

/**
 * Opens a store for a command, while no agent has it: throws a `FolderInUseError` where one does, and whatever is wrong
 * with the file otherwise. Waits for the disk in this very thread, which has nothing else to do.
 */
export function openStoreForCommand(folder: string, now: number): StoreFile {
  return openStoreFile({
    folder,
    createFolder: false,
    folderMode: 0o700,
    fsync: true,
    lockTimeoutMs: LOCK_TIMEOUT_MS,
    bytesMax: BYTES_MAX,
    onCorruption: "fail",
    now,
  });
}

/** Keeps one change of a component's state; throws where it was not kept. */
export function commitChange(file: StoreFile, state: string, change: ScopeChange, now: number): void {
  const { name, key, value, codec } = change;
  const packer = new RowPacker(1);
  packer.add({ name: `${state}#${name}`, codec }, key, value);
  const outcome = file.commit(packer.packed(), now);
  if (outcome.type !== "kept") throw new Error(outcome.reason);
}
