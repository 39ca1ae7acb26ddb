import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { silentLog } from "../../../test/support/silent-log.ts";
import { NEVER } from "../../lib/abort.ts";
import { virtualClock } from "../../lib/virtual-clock.ts";
import { WatchedText } from "./watched-text.ts";

const folder = mkdtempSync(join(tmpdir(), "gostcol-watched-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function watching(name: string) {
  const file = join(folder, name);
  const clock = virtualClock();
  const taken: string[] = [];
  const told: string[] = [];
  const log = { ...silentLog, info: (line: string) => told.push(line), error: (line: string) => told.push(line) };
  const take = (text: string) => {
    if (text === "bad") throw new Error("it is bad");
    taken.push(text);
  };
  const watched = new WatchedText({ file, clock, log, take });
  return {
    taken,
    told,
    clock,
    watched,
    writes: (text: string) => writeFileSync(file, text),
    removes: () => rmSync(file),
    /** Lets its time come so often, and waits for what it reads from a real disk each time. */
    async looks(times = 1) {
      for (let time = 0; time < times; time++) {
        clock.advance(5_000);
        await watched.look();
      }
    },
  };
}

test("a file is read at the start and when it changes; without a change nothing is taken", async () => {
  const { taken, told, clock, watched, writes, looks } = watching("changes");
  writes("one");
  await watched.start(NEVER);
  await looks(2);
  writes("two");
  clock.advance(5_000);
  await expect.poll(() => taken).toEqual(["one", "two"]);
  expect(told).toEqual([expect.stringContaining("has changed")]);
  watched.stop();
});

test("no look begins while another is under way: the older one could end last", async () => {
  const { watched, clock, writes } = watching("beside");
  writes("one");
  await watched.start(NEVER);
  clock.advance(5_000);
  const first = watched.look();
  clock.advance(5_000);
  expect(watched.look()).toBe(first);
  await first;
  expect(watched.look()).not.toBe(first);
  watched.stop();
});

test("what cannot be read or taken leaves the old in use, and is told once", async () => {
  const { taken, told, watched, writes, removes, looks } = watching("faults");
  writes("one");
  await watched.start(NEVER);
  writes("bad");
  await looks(3);
  removes();
  await looks(3);
  expect(taken).toEqual(["one"]);
  expect(told).toEqual([expect.stringContaining("it is bad"), expect.stringContaining("ENOENT")]);
  writes("two");
  await looks();
  expect(taken).toEqual(["one", "two"]);
  watched.stop();
});

test("a fault at the start is an error with the file's name, and nothing is left behind", async () => {
  const { watched, clock, writes } = watching("start");
  await expect(watched.start(NEVER)).rejects.toThrow(/start: ENOENT/);
  writes("bad");
  await expect(watched.start(NEVER)).rejects.toThrow(/start: it is bad/);
  expect(clock.liveTimers).toBe(0);
});
