import { describe, expect, test } from "vitest";
import { Secret } from "../../component/secret.ts";
import { bearerOf, bearerTokens } from "./bearer-tokens.ts";

const entry = (token: string, value: string) => ({ token: new Secret(token), value });

describe("bearer tokens", () => {
  test("give what belongs to the token that is presented", () => {
    const names = Array.from({ length: 300 }, (_, index) => `edge-${index}`);
    const tokens = bearerTokens(names.map((name) => entry(`token of ${name}`, name)));
    for (const name of names) expect(tokens.match(`token of ${name}`)).toBe(name);
  });

  test.each([
    ["another", "c"],
    ["a longer", "aa"],
    ["an empty", ""],
    ["no", undefined],
    ["a token that differs by a space", "a "],
  ])("give nothing for %s token", (_name, presented) => {
    expect(bearerTokens([entry("a", "A"), entry("b", "B")]).match(presented)).toBeUndefined();
  });

  test("give nothing where none is configured, or only an empty one", () => {
    expect(bearerTokens([]).match("a")).toBeUndefined();
    expect(bearerTokens([entry("", "nobody")]).match("")).toBeUndefined();
  });

  test("give the first of two equal ones", () => {
    expect(bearerTokens([entry("a", "first"), entry("a", "second")]).match("a")).toBe("first");
  });

  test("may hold any characters", () => {
    expect(bearerTokens([entry("pässwörd ✓ 'quoted'", "x")]).match("pässwörd ✓ 'quoted'")).toBe("x");
  });
});

describe("an Authorization header", () => {
  test.each([
    ["Bearer abc", "abc"],
    ["bearer abc", "abc"],
    ["BEARER   a.b-c~d+e/f=  ", "a.b-c~d+e/f="],
    ["Basic abc", undefined],
    ["Bearer", undefined],
    ["Bearer ", undefined],
    ["Bearer a b", undefined],
    ["xBearer abc", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("%o holds the token %o", (header, token) => {
    expect(bearerOf(header)).toBe(token);
  });
});
