import { expect, onTestFinished, test } from "vitest";
import { virtualClock } from "../lib/virtual-clock.ts";
import { watchFiles } from "./watch-files.ts";

/** A watcher of files that are held here: what is undefined cannot be read. */
function watching(texts: Record<string, string | undefined>, named = Object.keys(texts)) {
  const clock = virtualClock();
  const readFile = async (file: string) => texts[file] ?? Promise.reject(new Error("there is no such file"));
  let changes = 0;
  onTestFinished(
    watchFiles(
      { clock, readFile },
      () => named,
      () => changes++,
    ),
  );
  /** How many changes were told in so many looks. */
  return async (looks: number) => {
    const before = changes;
    await clock.advanceAsync(looks * 1000);
    return changes - before;
  };
}

test("a change is told once, when the file has come to rest", async () => {
  const texts = { a: "1", b: "1" };
  const look = watching(texts);
  expect(await look(3)).toBe(0);
  texts.b = "2";
  expect(await look(1)).toBe(0);
  texts.b = "23";
  expect(await look(1)).toBe(0);
  expect(await look(1)).toBe(1);
  expect(await look(5)).toBe(0);
});

test("a file that is gone is awaited, and changes of the others are told meanwhile", async () => {
  const texts: Record<string, string | undefined> = { a: "1", b: "1" };
  const look = watching(texts);
  await look(2);
  texts["a"] = undefined;
  expect(await look(3)).toBe(0);
  texts["b"] = "2";
  expect(await look(3)).toBe(1);
  texts["a"] = "1";
  expect(await look(3)).toBe(0);
});

test("a file that was never there is one that may come", async () => {
  const texts: Record<string, string | undefined> = { a: "1", b: undefined };
  const look = watching(texts);
  expect(await look(3)).toBe(0);
  texts["b"] = "1";
  expect(await look(3)).toBe(1);
});

test("files that are named later are watched from then on", async () => {
  const texts = { a: "1", b: "1" };
  const named = ["a"];
  const look = watching(texts, named);
  texts.b = "2";
  expect(await look(3)).toBe(0);
  named.push("b");
  expect(await look(3)).toBe(0);
  texts.b = "3";
  expect(await look(3)).toBe(1);
});
