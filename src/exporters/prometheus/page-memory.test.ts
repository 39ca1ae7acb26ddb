import { expect, test } from "vitest";
import { PageMemory } from "./page-memory.ts";

test("a page's memory is used for the next one, as long as that is about as long", () => {
  const memory = new PageMemory();
  const first = memory.take(1000);
  memory.give(first.subarray(0, 990));
  const second = memory.take(1020);
  expect(second.buffer).toBe(first.buffer);
  const third = memory.take(1000);
  expect(third.buffer).not.toBe(first.buffer); // That page is still being sent.
  memory.give(second);
  memory.give(third);
  expect(memory.take(1000).buffer).toBe(third.buffer); // Of two pages at the same time, one is kept.
  expect(memory.take(1000).buffer).not.toBe(second.buffer);
  memory.give(third);
  const larger = memory.take(2000);
  expect(larger.length).toBeGreaterThanOrEqual(2000);
  memory.give(larger);
  expect(memory.take(1000).length).toBeLessThan(1250);
});

test("nothing is kept where nobody asked for a page for a while", () => {
  const memory = new PageMemory();
  const page = memory.take(1000);
  memory.give(page);
  memory.clearUnused();
  expect(memory.take(1000).buffer).toBe(page.buffer);
  memory.give(page);
  memory.clearUnused();
  memory.clearUnused();
  expect(memory.take(1000).buffer).not.toBe(page.buffer);
});
