import { execFileSync } from "node:child_process";
import { statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testFolder } from "../../../test/support/store-rig.ts";

/** Writes rows that fill many pages, and then some of them once more, each on a page of its own. */
const SCRIPT = `
  const [, folder, sources] = process.argv;
  const { openStoreFile } = await import(sources + "/store-file.ts");
  const { RowPacker } = await import(sources + "/packed-rows.ts");
  const options = { folder, createFolder: true, folderMode: 0o700, fsync: false, lockTimeoutMs: 0 };
  const store = openStoreFile({ ...options, bytesMax: 2 ** 30, onCorruption: "fail", now: 0 });
  for (const step of [1, 40]) {
    const packer = new RowPacker(4000);
    for (let key = 1000; key < 5000; key += step) packer.addBytes({ name: "test" }, String(key), Buffer.alloc(200, step));
    if (store.commit(packer.packed()).type !== "kept") throw new Error("not kept");
  }
  store.close();
`;

// SQLite looks once in its life for where to put them, so it has a process of its own here.
test("a commit makes no temporary files, wherever its rows are", () => {
  const folder = testFolder();
  const temporary = testFolder();
  utimesSync(temporary, 1, 1);
  const argv = ["--input-type=module", "-e", SCRIPT, join(folder, "store"), import.meta.dirname];
  execFileSync(process.execPath, argv, { env: { ...process.env, SQLITE_TMPDIR: temporary } });
  expect(statSync(temporary).mtimeMs).toBe(1000);
});
