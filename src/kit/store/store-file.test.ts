import { copyFileSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { testFolder } from "../../../test/support/store-rig.ts";
import { seededRandom } from "../../lib/random.ts";
import type { StoreFileOptions } from "./messages.ts";
import { eachRow, RowPacker, type ScopeName } from "./packed-rows.ts";
import { MIGRATIONS } from "./schema.ts";
import { openStoreFile, type StoreFile } from "./store-file.ts";

// The store's side of the thread, without the thread: what is found on a disk, and what becomes of it.

const ASIDE = "gostcol.set-aside-20261121T123000Z.db";
const SCOPE = "processor:test";
const MIB = 1024 * 1024;
const NOW = Date.UTC(2026, 10, 21, 12, 30);

describe("a file that is no store of ours", () => {
  const notADatabase = (file: string) =>
    writeFileSync(file, "these are somebody's notes, and not to be lost".repeat(100));
  const foreign = (file: string) => withDatabase(file, "CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)");
  const newer = (file: string) => {
    fill(file, 3);
    withDatabase(file, `PRAGMA user_version = ${MIGRATIONS.length + 1}`);
  };
  const [newest, next] = [MIGRATIONS.length, MIGRATIONS.length + 1];
  const newerText = new RegExp(
    `^it is of version ${next}, written by a newer gostcol; this one knows versions up to ${newest}$`,
  );
  const cases = [
    ["that is no database", notADatabase, /^it is no SQLite database$/],
    ["of another program", foreign, /^it belongs to another program$/],
    ["of a newer version", newer, newerText],
    ["that is a stump", (file: string) => truncateSync(file, 50), /^it is damaged: /],
    [
      "that lost its end",
      (file: string) => truncateSync(file, 3 * 4096),
      /^it (is damaged|fails its integrity check): /,
    ],
  ] as const;

  it.each(cases)("%s is set aside as it was, and a new one is begun", (_, prepare, reason) => {
    const folder = testFolder();
    const file = join(folder, "gostcol.db");
    fill(file, 200);
    if (prepare === notADatabase || prepare === foreign) writeFileSync(file, "");
    prepare(file);
    const before = readFileSync(file);
    const store = open(folder);
    expect(store.opened.setAside).toEqual({
      file: join(folder, ASIDE),
      reason: expect.stringMatching(reason),
      usable: false,
    });
    expect(rowsOf(store)).toEqual({});
    commit(store, { fresh: "1" });
    store.close();
    expect(readFileSync(join(folder, ASIDE))).toEqual(before);
  });

  it.each(cases)(
    "%s keeps the agent from starting where that is asked for, and is left alone",
    (_, prepare, reason) => {
      const folder = testFolder();
      const file = join(folder, "gostcol.db");
      fill(file, 200);
      if (prepare === notADatabase || prepare === foreign) writeFileSync(file, "");
      prepare(file);
      const before = readFileSync(file);
      const failure = failureOf(() => open(folder, { onCorruption: "fail" }));
      expect(failure.startsWith(`the store ${file} cannot be used: `)).toBe(true);
      expect(failure.slice(`the store ${file} cannot be used: `.length)).toMatch(reason);
      expect(readFileSync(file)).toEqual(before);
    },
  );

  it("never takes the name of one that was set aside before", () => {
    const folder = testFolder();
    for (let time = 1; time <= 3; time++) {
      notADatabase(join(folder, "gostcol.db"));
      const store = open(folder);
      expect(store.opened.setAside?.file).toBe(join(folder, time === 1 ? ASIDE : ASIDE.replace(".db", `-${time}.db`)));
      store.close();
    }
  });

  it("is a log without its file as well", () => {
    const folder = testFolder();
    writeFileSync(join(folder, "gostcol.db-wal"), "x".repeat(5000));
    const store = open(folder);
    expect(store.opened.setAside).toMatchObject({ reason: "its write-ahead log is there without the file itself" });
    store.close();
    expect(statSync(join(folder, `${ASIDE}-wal`)).size).toBe(5000);
  });
});

describe("a file with a flaw", () => {
  it("never gives a value that was not written, wherever a byte flipped, and loses none without a word", () => {
    const folder = testFolder();
    const file = join(folder, "gostcol.db");
    const written = fill(file, 60);
    const sound = readFileSync(file);
    const random = seededRandom(20);
    const seen = { untouched: 0, row: 0, file: 0 };
    for (let round = 0; round < 150; round++) {
      const folder = testFolder();
      const flipped = Buffer.from(sound);
      // The head names versions and counters of SQLite itself, which it mends or refuses.
      const at = 100 + random.integer(flipped.length - 100);
      flipped[at] = flipped[at]! ^ (1 << random.integer(8));
      writeFileSync(join(folder, "gostcol.db"), flipped);
      const store = open(folder);
      const { rows, bad } = load(store);
      for (const [key, value] of Object.entries(rows)) expect([round, key, value]).toEqual([round, key, written[key]]);
      const lost = Object.keys(written).length - Object.keys(rows).length;
      if (store.opened.setAside !== undefined) seen.file++;
      else {
        expect([round, lost]).toEqual([round, bad.length]);
        seen[lost === 0 ? "untouched" : "row"]++;
      }
      store.close();
    }
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(0);
  });
});

describe("a write-ahead log", () => {
  it("that was cut off anywhere gives whole commits, up to where it was cut", () => {
    const { file, wal, commits } = unfinished(20);
    const random = seededRandom(3);
    let last = -1;
    const cuts = Array.from({ length: 40 }, () => random.integer(wal.length + 1)).sort((left, right) => left - right);
    for (const length of [0, ...cuts, wal.length]) {
      const store = open(planted(file, wal.subarray(0, length)));
      const kept = Number(rowsOf(store)["row 0"] ?? 0);
      expect(rowsOf(store)).toEqual(commits[kept]);
      expect(kept).toBeGreaterThanOrEqual(last);
      expect(store.opened.setAside).toBeUndefined();
      last = kept;
      store.close();
    }
    expect(last).toBe(20);
  });

  it("with a flipped byte in its middle gives the commits before it, and a copy with all is set aside", () => {
    const { file, wal, commits } = unfinished(20);
    const flipped = Buffer.from(wal);
    flipped[Math.floor(wal.length / 2)]! ^= 1;
    const folder = planted(file, flipped);
    const store = open(folder);
    const kept = Number(rowsOf(store)["row 0"]);
    expect(rowsOf(store)).toEqual(commits[kept]);
    expect(kept).toBeGreaterThan(5);
    expect(kept).toBeLessThan(15);
    const reason = "its write-ahead log is damaged in the middle";
    expect(store.opened.setAside).toEqual({ file: join(folder, ASIDE), reason, usable: true });
    store.close();
    expect(readFileSync(join(folder, `${ASIDE}-wal`))).toEqual(flipped);
    expect(failureOf(() => open(planted(file, flipped), { onCorruption: "fail" }))).toContain(reason);
  });

  it("whose last commit was cut off by a power failure, its frames out of order, is nothing to speak of", () => {
    const { file, wal, commits } = unfinished(20);
    const torn = Buffer.from(wal);
    torn.fill(0, wal.length - 2 * (4096 + 24), wal.length - (4096 + 24));
    const store = open(planted(file, torn));
    expect(store.opened.setAside).toBeUndefined();
    expect(rowsOf(store)).toEqual(commits[Number(rowsOf(store)["row 0"])]);
    store.close();
  });

  it("without its head gives what the file has, and is set aside as a copy", () => {
    const { file, wal } = unfinished(5);
    const headless = Buffer.from(wal).fill(7, 0, 32);
    const store = open(planted(file, headless));
    expect(store.opened.setAside).toMatchObject({ reason: "the head of its write-ahead log is damaged", usable: true });
    store.close();
  });
});

describe("the archive", () => {
  const archive = { name: SCOPE, archived: true } as const;
  const put = (scope: ScopeName, key: string, value: string | undefined) => (packer: RowPacker) =>
    value === undefined ? packer.addRemoved(scope, key) : packer.addBytes(scope, key, Buffer.from(value));
  const commitAll = (store: StoreFile, ...changes: readonly ((packer: RowPacker) => void)[]) => {
    const packer = new RowPacker(changes.length);
    for (const change of changes) change(packer);
    expect(store.commit(packer.packed(), NOW)).toMatchObject({ type: "kept" });
  };
  const archived = (store: StoreFile, ...keys: readonly string[]) => {
    const { rows, bad } = store.find(archive, keys);
    const found: Record<string, string> = {};
    eachRow(rows, ({ archived }, key, value) => {
      expect(archived).toBe(true);
      found[key] = Buffer.from(value!).toString();
    });
    return { found, bad };
  };

  it("keeps what was moved to it, in one commit with what was left behind, and gives it back by its keys", () => {
    const folder = testFolder();
    const odd = "half a pair \ud800";
    const first = open(folder);
    commit(first, { alice: "1", bob: "2", [odd]: "3" });
    commitAll(first, put({ name: SCOPE }, odd, undefined), put(archive, odd, "3"), put(archive, "bob", "two"));
    first.close();
    const store = open(folder);
    expect(rowsOf(store)).toEqual({ alice: "1", bob: "2" });
    expect(archived(store, "alice", odd, "bob")).toEqual({ found: { [odd]: "3", bob: "two" }, bad: [] });
    expect(store.count(archive)).toBe(2);
    commitAll(store, put(archive, odd, undefined), put({ name: SCOPE }, odd, "4"));
    expect([rowsOf(store)[odd], archived(store, odd).found, store.count(archive)]).toEqual(["4", {}, 1]);
    store.close();
  });

  it("sets aside what is damaged in it, and nothing of the same name outside of it", () => {
    const folder = testFolder();
    const first = open(folder);
    commitAll(first, put({ name: SCOPE }, "alice", "1"), put(archive, "alice", "2"));
    first.close();
    withDatabase(join(folder, "gostcol.db"), "UPDATE archive SET value = x'00'");
    const store = open(folder);
    const { found, bad } = archived(store, "alice");
    expect([found, bad]).toEqual([{}, [{ key: "alice", reason: "its checksum does not fit" }]]);
    store.setAside(archive, bad, 0);
    expect([rowsOf(store), store.count(archive)]).toEqual([{ alice: "1" }, 0]);
    store.close();
  });
});

describe("a file of an older version", () => {
  it.each(MIGRATIONS.map((_, index) => index + 1))(
    "is brought from version %d to the newest in one step",
    (version) => {
      const folder = testFolder();
      copyFileSync(join(import.meta.dirname, `fixtures/version-${version}.db`), join(folder, "gostcol.db"));
      const next = [...MIGRATIONS, "ALTER TABLE scopes ADD COLUMN note TEXT; UPDATE scopes SET note = 'was here'"];
      const store = openStoreFile(optionsFor(folder), next);
      expect(store.opened.migratedFrom).toBe(version);
      expect(rowsOf(store)).toEqual({ alice: "1", bob: "2" });
      const archive = { name: SCOPE, archived: true } as const;
      expect(store.count(archive)).toBe(version === 1 ? 0 : 1);
      expect(store.find(archive, ["alice", "carol"]).rows.keys).toBe(version === 1 ? "" : "carol");
      store.close();
      const database = new DatabaseSync(join(folder, "gostcol.db"));
      expect(database.prepare("SELECT note FROM scopes").all()).toMatchObject([{ note: "was here" }]);
      expect(database.prepare("PRAGMA user_version").get()).toEqual({ user_version: next.length });
      database.close();
    },
  );

  it("stays what it was when that fails half-way", () => {
    const folder = testFolder();
    copyFileSync(join(import.meta.dirname, "fixtures/version-1.db"), join(folder, "gostcol.db"));
    const next = [...MIGRATIONS, "DELETE FROM rows; SELECT no_such_function()"];
    expect(failureOf(() => openStoreFile(optionsFor(folder), next))).toContain("no_such_function");
    const store = open(folder);
    expect(rowsOf(store)).toEqual({ alice: "1", bob: "2" });
    store.close();
  });
});

function optionsFor(folder: string, options: Partial<StoreFileOptions> = {}): StoreFileOptions {
  return {
    folder,
    createFolder: false,
    folderMode: 0o750,
    fsync: false, // Nothing here loses power.
    lockTimeoutMs: 0,
    bytesMax: 100 * MIB,
    onCorruption: "set_aside",
    now: NOW,
    ...options,
  };
}

const open = (folder: string, options?: Partial<StoreFileOptions>) => openStoreFile(optionsFor(folder, options));

function commit(store: StoreFile, rows: Readonly<Record<string, string>>): void {
  const packer = new RowPacker(Object.keys(rows).length);
  for (const [key, value] of Object.entries(rows)) packer.addBytes({ name: SCOPE }, key, Buffer.from(value));
  expect(store.commit(packer.packed(), NOW)).toMatchObject({ type: "kept" });
}

function load(store: StoreFile) {
  const rows: Record<string, string> = {};
  const loaded = store.load(SCOPE, undefined, 100_000);
  eachRow(loaded.rows, (_, key, value) => {
    rows[key] = Buffer.from(value!).toString();
  });
  return { rows, bad: loaded.bad };
}

const rowsOf = (store: StoreFile) => load(store).rows;

/** A store with rows, closed. */
function fill(file: string, count: number): Record<string, string> {
  const rows = Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`key ${index}`, `${index} `.repeat(60)]),
  );
  const store = open(join(file, ".."));
  commit(store, rows);
  store.close();
  return rows;
}

/** What a kill leaves after so many commits of three rows each: the file, its log, and what each commit had made of it. */
function unfinished(count: number) {
  const folder = testFolder();
  const store = open(folder);
  const commits: Record<string, string>[] = [{}];
  for (let number = 1; number <= count; number++) {
    const rows = Object.fromEntries([0, 1, 2].map((row) => [`row ${row}`, `${number}`]));
    commit(store, { ...rows, [`padding ${number}`]: "x".repeat(5000) });
    commits.push({ ...commits.at(-1), ...rows, [`padding ${number}`]: "x".repeat(5000) });
  }
  const file = readFileSync(join(folder, "gostcol.db"));
  const wal = readFileSync(join(folder, "gostcol.db-wal"));
  store.close();
  return { file, wal, commits };
}

function planted(file: Buffer, wal: Buffer): string {
  const folder = testFolder();
  writeFileSync(join(folder, "gostcol.db"), file);
  writeFileSync(join(folder, "gostcol.db-wal"), wal);
  return folder;
}

function withDatabase(file: string, statements: string): void {
  const database = new DatabaseSync(file);
  database.exec(statements);
  database.close();
}

function failureOf(work: () => unknown): string {
  try {
    work();
  } catch (thrown) {
    return (thrown as Error).message;
  }
  throw new Error("it did not fail");
}
