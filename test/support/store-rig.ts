import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Change, Codec, StateScope } from "../../src/component/store.ts";
import type { BadRow, OpenedStore } from "../../src/kit/store/messages.ts";
import { SqliteStore, type SqliteStoreOptions } from "../../src/kit/store/sqlite-store.ts";
import { NEVER } from "../../src/lib/abort.ts";
import { virtualClock } from "../../src/lib/virtual-clock.ts";

/** A folder that ends with the running test. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "gostcol-store-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface TestStore {
  readonly store: SqliteStore;
  /** What it told, in order: `opened`, `kept`, `not kept: REASON`, `rewritten`, `lost: REASON`, `set aside: KEY`. */
  readonly told: string[];
  readonly opened: () => OpenedStore;
  put(rows: Readonly<Record<string, string | undefined>>, scope?: StateScope<string>): Promise<void>;
  rows(scope?: StateScope<string>): Promise<Record<string, string>>;
  close(): Promise<void>;
}

/** An open store of texts on a real file. Closed at the end of the test at the latest. */
export async function openStore(folder: string, options: Partial<SqliteStoreOptions> = {}): Promise<TestStore> {
  const told: string[] = [];
  let opened: OpenedStore | undefined;
  const store = new SqliteStore({
    folder,
    createFolder: false,
    folderMode: 0o750,
    fsync: true,
    lockTimeoutMs: 0,
    bytesMax: 100 * 1024 * 1024,
    onCorruption: "set_aside",
    clock: virtualClock(Date.UTC(2026, 10, 21, 12, 30)),
    on: {
      opened(now) {
        opened = now;
        told.push("opened");
      },
      kept: () => told.push("kept"),
      notKept: (reason) => told.push(`not kept: ${reason}`),
      rewritten: ({ setAside }) => told.push(setAside === undefined ? "rewritten" : "rewritten, the other set aside"),
      lost: (reason) => told.push(`lost: ${reason}`),
      rowsSetAside: (_, rows: readonly BadRow[]) => told.push(...rows.map(({ key }) => `set aside: ${key}`)),
    },
    ...options,
  });
  onTestFinished(() => store.close(NEVER));
  await store.open(NEVER);
  return {
    store,
    told,
    opened: () => opened!,
    put: (rows, scope = textScope()) => store.commit(changesOf(rows, scope)),
    rows: async (scope = textScope()) => Object.fromEntries(await store.load(scope, NEVER)),
    close: () => store.close(NEVER),
  };
}

const textCodec: Codec<string> = {
  encode: (text) => Buffer.from(text),
  decode(bytes) {
    const text = Buffer.from(bytes).toString();
    if (text.startsWith("bad")) throw new Error("this text is bad");
    return text;
  },
};

export function textScope(name = "processor:test"): StateScope<string> {
  return { name, codec: textCodec, load: () => Promise.reject(new Error("not this way")) };
}

export function changesOf(rows: Readonly<Record<string, string | undefined>>, scope: StateScope<string>): Change[] {
  return Object.entries(rows).map(([key, value]) => ({ scope: scope as StateScope<unknown>, key, value }));
}
