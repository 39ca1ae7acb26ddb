import fc from "fast-check";
import { expect, test } from "vitest";
import { condition } from "./condition.ts";
import { OttlError } from "./errors.ts";
import { parseCondition, parseStatement } from "./parser.ts";
import { printCondition, printStatement } from "./print.ts";
import { statement } from "./statement.ts";
import { ANY_NAMES, conditions, withoutOffsets } from "./test-kit.ts";

test("a condition that is printed and read again is the same", () => {
  fc.assert(
    fc.property(conditions(ANY_NAMES), (node) => {
      expect(withoutOffsets(parseCondition(printCondition(node)))).toEqual(node);
    }),
    { numRuns: 1_000 },
  );
});

test("a statement that is printed and read again is the same", () => {
  const text =
    'replace_pattern(attributes["a"], "^x", "y", function = SHA256) where not (a == 1 or b == 2) and c != nil';
  expect(printStatement(parseStatement(text))).toBe(text);
});

test("and binds closer than or, not closer than both, and calculating closer than comparing", () => {
  const same = (written: string, meant: string) =>
    expect(withoutOffsets(parseCondition(written))).toEqual(withoutOffsets(parseCondition(meant)));
  same("a == 1 or b == 2 and not c == 3", "a == 1 or (b == 2 and (not (c == 3)))");
  same("1 + 2 * 3 - 4 == x", "((1 + (2 * 3)) - 4) == x");
  same("((a == 1))", "a == 1");
  same("not(true)", "not true");
  same('  name\n==\t"x"  ', 'name == "x"');
});

test.each([
  ["1-1 == 0", "1 - 1 == 0"],
  ["1 - -1 == 2", "1 - -1 == 2"],
  ["- 7 / 2 == +1", "-7 / 2 == 1"],
  ["-(7) == -x", "-(7) == -x"],
  ["+(x) == +Len(y)", "x == Len(y)"],
])("a sign belongs to the number behind it: %s", (text, printed) => {
  expect(printCondition(parseCondition(text))).toBe(printed);
});

test("texts have Go's escapes", () => {
  const read = (text: string) => withoutOffsets(parseCondition(`x == ${text}`));
  expect(read('"\\u00e9\\351\\xe9\\t\\"\\\\\\U0001F600"')).toMatchObject({ right: { value: 'ééé\t"\\😀' } });
});

test.each([
  ["", 0, "a value"],
  ["body", 4, "a comparison"],
  ["1 + 1", 5, "a comparison"],
  ["1 < 2 < 3", 6, "and, or, or the end"],
  ["true and (1 == 1", 16, '")"'],
  ["not not true", 4, "a value"],
  ["true where true", 5, "and, or, or the end"],
  ["body == 'x'", 8, "double quotes"],
  ['body == "x', 8, "closing"],
  ['body == "\\d"', 9, "\\\\d"],
  ['body == "\\ud800"', 9, undefined],
  ["9223372036854775808 == 1", 0, "64 bits"],
  ["1.5e999 == 1", 0, undefined],
  ["1e5 == 1", 1, "a comparison"],
  ["0x123 == x", 0, "two digits"],
  ['"a" + "b" == "ab"', 0, "Concat"],
  ["x == (a == 1)", 6, "a value"],
  ["set(body, 1) == 1", 0, undefined],
  ["Len(body", 8, '"," or ")"'],
  ["x == [1, 2", 10, '"," or "]"'],
  ['x == {"a" 1}', 10, '":"'],
  ["x == {a: 1}", 6, "a key"],
  ["x.Y == 1", 2, undefined],
  ["x[1 == 1", 4, '"]"'],
  ["a == 1 ü", 7, undefined],
  ["and == 1", 0, "a value"],
])("%j is refused at character %i", (text, offset, expected) => {
  const mistake = mistakeIn(() => parseCondition(text));
  expect(mistake).toMatchObject({ offset });
  expect(mistake.expected ?? "").toContain(expected ?? "");
});

test.each([
  ["", 0, "an editor"],
  ["set", 3, '"("'],
  ["Set(body, 1)", 0, "an editor"],
  ['set(body, 1)["x"]', 13, ""],
  ["set(body, 1) when true", 13, "where"],
  ["set(body, 1) where body", 23, "a comparison"],
  ["set(body, 1) where true true", 24, "the end"],
])("the statement %j is refused at character %i", (text, offset, expected) => {
  const mistake = mistakeIn(() => parseStatement(text));
  expect(mistake).toMatchObject({ offset });
  expect(mistake.expected ?? "").toContain(expected);
});

test("what is too long or too deep is refused, and nothing overflows", () => {
  const deep = (open: string, close: string, count: number) => `${open.repeat(count)}1${close.repeat(count)} == 1`;
  expect(() => parseCondition(deep("(", ")", 64))).not.toThrow();
  for (const [open, close] of [
    ["(", ")"],
    ["[", "]"],
    ["Len(", ")"],
    ["x[", "]"],
    ['{"a":', "}"],
    ["-(", ")"],
  ] as const) {
    expect(mistakeIn(() => parseCondition(deep(open, close, 2_000))).message).toContain("64 deep");
  }
  expect(mistakeIn(() => parseCondition(`${"(".repeat(10_000)}`)).message).toContain("64 deep");
  expect(mistakeIn(() => parseCondition(" ".repeat(20_000))).message).toContain("16384");
  const long = Array.from({ length: 1_500 }, () => "x == 1").join(" or ");
  expect(() => parseCondition(long)).not.toThrow();
});

test("garbage is never anything but refused or read", () => {
  const pieces = fc.array(
    fc.constantFrom(
      ...'( ) [ ] { } , . : = == != < - + * / not and or where true nil set( Len( IsMatch( 1 1.5 .5 0x01 "a" "( body attributes resource METRIC \\ $ \' ü é \n'.split(
        " ",
      ),
    ),
    { maxLength: 25 },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: "binary" }),
        pieces.map((some) => some.join(" ")),
        pieces.map((some) => some.join("")),
      ),
      (text) => {
        for (const read of [() => condition(text, "log"), () => statement(text, "datapoint")]) {
          try {
            read();
          } catch (failure) {
            expect(failure).toBeInstanceOf(OttlError);
            expect((failure as OttlError).offset).toBeLessThanOrEqual(text.length);
          }
        }
      },
    ),
    { numRuns: 3_000 },
  );
});

function mistakeIn(read: () => unknown): OttlError {
  try {
    read();
  } catch (failure) {
    expect(failure).toBeInstanceOf(OttlError);
    return failure as OttlError;
  }
  throw new Error("it was read");
}
