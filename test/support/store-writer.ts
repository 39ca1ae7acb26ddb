/**
 * A process that commits to the store in a folder as fast as it can, until it is killed. Commit n sets every row of both
 * scopes to n; before it is sent the process prints `sent n`, and when it is kept `kept n`.
 */
import { writeSync } from "node:fs";
import type { StateScope } from "../../src/component/store.ts";
import { SqliteStore } from "../../src/kit/store/sqlite-store.ts";
import { NEVER } from "../../src/lib/abort.ts";
import { systemClock } from "../../src/lib/system-clock.ts";

const ROWS = 50;
const [folder, first] = process.argv.slice(2);

const scope = (name: string): StateScope<unknown> => ({
  name,
  codec: { encode: (value) => Buffer.from(String(value).padEnd(100)), decode: (bytes) => bytes },
  load: () => Promise.reject(new Error("not this way")),
});
const scopes = [scope("processor:one"), scope("processor:two")];
const store = new SqliteStore({
  folder: folder!,
  createFolder: false,
  folderMode: 0o750,
  fsync: true,
  lockTimeoutMs: 0,
  bytesMax: 100 * 1024 * 1024,
  onCorruption: "fail",
  clock: systemClock,
  on: {
    opened: () => {},
    kept: () => {},
    notKept: () => {},
    rewritten: () => {},
    lost: () => {},
    rowsSetAside: () => {},
  },
});
await store.open(NEVER);
for (let number = Number(first); ; number++) {
  const changes = scopes.flatMap((scope) =>
    Array.from({ length: ROWS }, (_, row) => ({ scope, key: `row ${row}`, value: number })),
  );
  writeSync(1, `sent ${number}\n`);
  await store.commit(changes);
  writeSync(1, `kept ${number}\n`);
}
