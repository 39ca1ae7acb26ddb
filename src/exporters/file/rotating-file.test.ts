import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Backups } from "./backups.ts";
import { RotatingFile } from "./rotating-file.ts";

const DAY_MS = 86_400_000;
const NEW_YEAR = Date.UTC(2026, 0, 1);
const OPTIONS = {
  pieces: "lines",
  append: true,
  bytesMax: 1e9,
  syncEach: false,
  now: () => NEW_YEAR,
  onPutAside: async () => {},
} as const;

test("a file that would get too large is put aside under the time", async () => {
  const { file, where, path } = rig({ bytesMax: 10 });
  for (const piece of ["aaaa\n", "bbbb\n", "c\n"]) await file.write(Buffer.from(piece));
  await file.close();
  expect(readdirSync(where)).toEqual(["out-2026-01-01T00-00-00.000.log", "out.log"]);
  expect(readFileSync(join(where, "out-2026-01-01T00-00-00.000.log"), "utf8")).toBe("aaaa\nbbbb\n");
  expect(readFileSync(path, "utf8")).toBe("c\n");
});

test("a piece that is larger than a file may be has a file of its own", async () => {
  const { file, where } = rig({ bytesMax: 3 });
  await file.write(Buffer.from("aaaaaaa\n"));
  await file.write(Buffer.from("b\n"));
  await file.close();
  expect(readdirSync(where)).toHaveLength(2);
});

test("several backups of one millisecond have a name each", async () => {
  const { file, where } = rig({ bytesMax: 1 });
  for (const piece of ["a\n", "b\n", "c\n", "d\n"]) await file.write(Buffer.from(piece));
  await file.close();
  expect(readdirSync(where).map((name) => readFileSync(join(where, name), "utf8"))).toEqual([
    "a\n",
    "b\n",
    "c\n",
    "d\n",
  ]);
});

test("the oldest backups go first, and nothing that only looks like one", async () => {
  const { backups, where } = rig({ backupsMax: 2 });
  const others = ["out-2026.log", "out-2026-01-01T00-00-00.000.txt", "other-2025-01-01T00-00-00.000.log", "out.log"];
  const own = [1, 2, 3, 4].map((day) => `out-2025-01-0${day}T00-00-00.000.log`);
  for (const name of [...others, ...own]) writeFileSync(join(where, name), "x");
  expect(await backups.prune(NEW_YEAR)).toBe(2);
  expect(readdirSync(where)).toEqual([...others, ...own.slice(2)].toSorted());
});

test("backups go when they are older than so many days", async () => {
  const { backups, where, path } = rig({ daysMax: 3 });
  for (const days of [5, 3, 1]) {
    writeFileSync(path, "x");
    await backups.putAside(NEW_YEAR - days * DAY_MS);
  }
  expect(await backups.prune(NEW_YEAR)).toBe(1);
  expect(readdirSync(where)).toEqual(["out-2025-12-29T00-00-00.000.log", "out-2025-12-31T00-00-00.000.log"]);
});

test("the end of a large file of frames is found across what is read at a time", async () => {
  const frame = (bytes: number) => {
    const made = Buffer.alloc(4 + bytes);
    made.writeUInt32BE(bytes);
    return made;
  };
  const frames = Buffer.concat([frame(700_000), frame((1 << 20) - 700_000 - 6), frame(10), frame(2_500_000), frame(0)]);
  for (const [bytes, backups] of [
    [frames, 0],
    [frames.subarray(0, -5), 1],
  ] as const) {
    const { file, where, path } = rig({ pieces: "frames" });
    writeFileSync(path, bytes);
    await file.write(frame(1));
    await file.close();
    expect(readdirSync(where)).toHaveLength(1 + backups);
  }
});

test("what cannot be written now is refused, and what comes when it can be again is written", async () => {
  const { file, path, where } = rig({});
  rmSync(where, { recursive: true });
  await expect(file.write(Buffer.from("a\n"))).rejects.toThrow("ENOENT");
  mkdirSync(where);
  await file.write(Buffer.from("b\n"));
  expect(readFileSync(path, "utf8")).toBe("b\n");
});

test("a file that somebody moved keeps what it has, and what comes is in a new one", async () => {
  const { file, path } = rig({});
  await file.write(Buffer.from("a\n"));
  renameSync(path, `${path}.1`);
  for (const piece of ["b\n", "c\n"]) await file.write(Buffer.from(piece));
  expect([readFileSync(`${path}.1`, "utf8"), readFileSync(path, "utf8")]).toEqual(["a\n", "b\nc\n"]);
});

test("a file that somebody removed or replaced is written again", async () => {
  const { file, path, where } = rig({});
  await file.write(Buffer.from("a\n"));
  rmSync(path);
  await file.write(Buffer.from("b\n"));
  expect(readFileSync(path, "utf8")).toBe("b\n");
  writeFileSync(`${path}.new`, "theirs\n");
  renameSync(`${path}.new`, path);
  await file.write(Buffer.from("c\n"));
  expect(readFileSync(path, "utf8")).toBe("theirs\nc\n");
  expect(readdirSync(where)).toEqual(["out.log"]);
});

test("a folder that somebody removed is made again where that is asked for", async () => {
  const { backups, where, path } = rig({});
  const file = new RotatingFile({ ...OPTIONS, path, backups, folderMode: 0o700 });
  onTestFinished(() => file.close());
  for (const piece of ["a\n", "b\n"]) {
    rmSync(where, { recursive: true });
    await file.write(Buffer.from(piece));
  }
  expect(readFileSync(path, "utf8")).toBe("b\n");
});

test("a file that somebody copied and cut off goes on from there, and fills up from there", async () => {
  const { file, path, where } = rig({ bytesMax: 10 });
  for (const piece of ["aaaa\n", "bbb\n"]) {
    await file.write(Buffer.from(piece));
    truncateSync(path);
  }
  for (const piece of ["cccc\n", "dddd\n", "e\n"]) await file.write(Buffer.from(piece));
  expect(readFileSync(path, "utf8")).toBe("e\n");
  expect(readFileSync(join(where, "out-2026-01-01T00-00-00.000.log"), "utf8")).toBe("cccc\ndddd\n");
});

test.runIf(process.platform === "linux")("a full disk is told", async () => {
  const { backups } = rig({});
  const file = new RotatingFile({ ...OPTIONS, path: "/dev/full", backups });
  await expect(file.write(Buffer.from("a\n"))).rejects.toThrow("ENOSPC");
  await file.close();
});

function rig({ bytesMax = 1e9, backupsMax = 0, daysMax = 0, pieces = "lines" as "lines" | "frames" }) {
  const where = mkdtempSync(join(tmpdir(), "gostcol-rotating-"));
  onTestFinished(() => rmSync(where, { recursive: true, force: true }));
  const path = join(where, "out.log");
  const backups = new Backups({ path, localTime: false, backupsMax, daysMax });
  const file = new RotatingFile({ ...OPTIONS, path, pieces, bytesMax, backups });
  onTestFinished(() => file.close());
  return { file, backups, where, path };
}
