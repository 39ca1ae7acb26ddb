import type { ScopeRename } from "../../component/store.ts";
import type { PackedRows, ScopeName } from "./packed-rows.ts";

/** What the agent's thread asks of the store's thread; every request gets one answer, in order. */
export type StoreRequest =
  | { readonly type: "open"; readonly options: StoreFileOptions }
  | { readonly type: "load"; readonly scope: string; readonly after: string | undefined; readonly rowsMax: number }
  | { readonly type: "find"; readonly scope: ScopeName; readonly keys: readonly string[] }
  | { readonly type: "count"; readonly scope: ScopeName }
  | { readonly type: "commit"; readonly rows: PackedRows; readonly at: number }
  | { readonly type: "check"; readonly at: number }
  | { readonly type: "set_aside"; readonly scope: ScopeName; readonly rows: readonly BadRow[]; readonly at: number }
  | { readonly type: "scopes" }
  | { readonly type: "rename_scopes"; readonly renames: readonly ScopeRename[] }
  | { readonly type: "close" };

export interface StoreAnswers {
  open: OpenedStore;
  load: LoadedRows;
  find: LoadedRows;
  count: { readonly count: number };
  commit: CommitAnswer;
  /** Undefined where the files are in place. */
  check: CommitOutcome | undefined;
  set_aside: undefined;
  /** The names of those that have rows. */
  scopes: readonly string[];
  rename_scopes: undefined;
  close: undefined;
}

/** A request that could not be done at all; commits say so themselves. */
export interface FailedAnswer {
  readonly failure: string;
}

export interface StoreFileOptions {
  /** An absolute path. */
  readonly folder: string;
  readonly createFolder: boolean;
  /** The mode of a folder that is created. */
  readonly folderMode: number;
  /** Whether a commit waits until the disk says that it has it. */
  readonly fsync: boolean;
  /** How long another agent is waited for that holds the folder. */
  readonly lockTimeoutMs: number;
  readonly bytesMax: number;
  readonly onCorruption: "set_aside" | "fail";
  /** Milliseconds since the epoch, for names and records. */
  readonly now: number;
}

export interface OpenedStore {
  readonly file: string;
  readonly size: StoreSize;
  /** Where the former file is now, or where a copy of a `usable` one is, and what was wrong with it. */
  readonly setAside?: { readonly file: string; readonly reason: string; readonly usable: boolean };
  /** The version of the format that the file had, where it was an older one. */
  readonly migratedFrom?: number;
}

/** A store whose file somebody removed or replaced while it was open. */
export interface RewrittenStore {
  readonly file: string;
  /** Where that is now which had taken its place. */
  readonly setAside?: string;
}

/** Of the file without its log; `freeBytes` of them are used before it grows. */
export interface StoreSize {
  readonly bytes: number;
  readonly freeBytes: number;
}

export interface LoadedRows {
  readonly rows: PackedRows;
  /** Rows whose bytes are not those that were written. */
  readonly bad: readonly BadRow[];
  /** The last key of this page where there may be more; ask again after it. */
  readonly last: string | undefined;
}

export interface BadRow {
  readonly key: string;
  readonly reason: string;
}

/** `failed`: certainly not kept. `unknown`: the disk failed at the very end. */
export type CommitOutcome =
  | { readonly type: "kept"; readonly size: StoreSize; readonly rewritten?: RewrittenStore }
  | { readonly type: "failed" | "unknown"; readonly reason: string };

export interface CommitAnswer {
  readonly outcome: CommitOutcome;
  /** The buffer of the values, for the next commit. */
  readonly spare: ArrayBuffer;
}
