import { expect, test } from "vitest";
import { withoutNumbers } from "../../scripts/numbers-in-place.ts";

const numbersOf = (text: string) => withoutNumbers(text).numbers;

test("constants that are numbers, or made of numbers, go, and their values are told", () => {
  const { text, numbers } = withoutNumbers(
    ["const use = () => BYTES;", "const BITS = 10;", "const BYTES = 1 << BITS;", "const F = 0x9e37_79b1 | 0;", ""].join(
      "\n",
    ),
  );
  expect(numbers).toEqual({ BITS: "10", BYTES: "1024", F: "-1640531535" });
  expect(text.trim()).toBe("const use = () => BYTES;");
});

test("what is exported goes on being so", () => {
  const { text, numbers } = withoutNumbers("export const PAUSE_MS = 2.5 * 1000;\n");
  expect(numbers).toEqual({ PAUSE_MS: "2500" });
  expect(text).toBe("const PAUSE_MS_EXPORTED = 2500;\nexport { PAUSE_MS_EXPORTED as PAUSE_MS };\n");
});

test("all else stays", () => {
  for (const line of [
    "const NAMES_AT = 'abc'.length;",
    "const MASK = SIZE - 1;",
    "const ALL = Number.MAX_SAFE_INTEGER;",
    "const NEVER = Number(7);",
    "  const INNER = 7;",
    "let COUNT = 7;",
    "const LIST = [7];",
    "const same = 7;",
  ]) {
    expect([numbersOf(`${line}\n`), withoutNumbers(`${line}\n`).text]).toEqual([{}, `${line}\n`]);
  }
});
