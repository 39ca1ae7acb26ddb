import { expect, test } from "vitest";
import { cellWidth, cut, printable } from "./printable.ts";

test.each([
  ["alice", "alice"],
  ["名前 é ñ", "名前 é ñ"],
  ["👨‍👩‍👧 ☺️ 👍🏽", "👨‍👩‍👧 ☺️ 👍🏽"],
  ["\u001b[2J\u0007", "\\x1b[2J\\x07"],
  ["two\nlines\r\t", "two\\x0alines\\x0d\\x09"],
  ["\u0085\u009b", "\\x85\\x9b"],
  ["al\u200dice\u200b", "al\\u200dice\\u200b"],
  ["\u202egnp.exe\u2066", "\\u202egnp.exe\\u2066"],
  ["a\u2028b", "a\\u2028b"],
  ["\ud83d!", "\\ud83d!"],
  ["\u{e0041}", "\\u{e0041}"],
])("%j is printed so that it can do nothing to a terminal", (text, shown) => {
  expect(printable(text)).toBe(shown);
});

test("a cell is as wide as a terminal shows it", () => {
  expect(["alice", "名前", "🦊", "👨‍👩‍👧", "e\u0301", "ｶﾅ"].map(cellWidth)).toEqual([5, 4, 2, 2, 1, 2]);
});

test("what is too wide is cut between characters, and shows it", () => {
  expect(cut("alice", 5)).toBe("alice");
  expect(cut("alice and bob", 6)).toBe("alice…");
  expect(cut("名前名前", 6)).toBe("名前…");
  expect(cellWidth(cut("👨‍👩‍👧".repeat(10), 8))).toBeLessThanOrEqual(8);
});
