import { createHmac, hash } from "node:crypto";
import { expect, test } from "vitest";
import { type Config, checkConfig, configSchema } from "./config.ts";
import { Redactor } from "./redactor.ts";

const configOf = (written: object): Config => configSchema.parse(written);
const redactorOf = (written: object) => new Redactor(configOf(written));
const ALL = { allow_all_keys: true };
const KEYED = { hash_function: "hmac-sha256", hmac_key: "k" };
const keyed = (text: string) => createHmac("sha256", "k").update(text).digest("hex");

test("nothing that is not allowed stays", () => {
  const attributes = { id: "1", name: "a", "redaction.masked.count": 2 };
  expect(redactorOf({}).attributes(attributes).attributes).toEqual({ "redaction.masked.count": 2 });
  expect(redactorOf({ allowed_keys: ["id"] }).attributes(attributes).attributes).toEqual({
    id: "1",
    "redaction.masked.count": 2,
  });
  expect(redactorOf(ALL).attributes(attributes).attributes).toBe(attributes);
});

test.each([
  [
    "a value is masked where a pattern matches",
    { blocked_values: ["4[0-9]{3}"] },
    { a: "card 4111 and 4222" },
    { a: "card **** and ****" },
  ],
  ["patterns follow one another", { blocked_values: ["b", "a"] }, { a: "abc" }, { a: "********c" }],
  [
    "an allowed value stays",
    { blocked_values: ["corp"], allowed_values: ["^ops@corp$"] },
    { a: "ops@corp", b: "me@corp" },
    { a: "ops@corp", b: "me@****" },
  ],
  [
    "an ignored key is not looked at",
    { blocked_values: ["x"], ignored_keys: ["a"], ignored_key_patterns: ["^b"] },
    { a: "x", bb: "x", c: "x" },
    { a: "x", bb: "x", c: "****" },
  ],
  [
    "a blocked key is masked as a whole, lines and all",
    { blocked_key_patterns: ["token"] },
    { "api.token": "one\ntwo", other: "x" },
    { "api.token": "****", other: "x" },
  ],
  [
    "a blocked key hides what is no text as well",
    { blocked_key_patterns: ["token"] },
    { token: 12 },
    { token: "****" },
  ],
  ["numbers stay unless all types are looked at", { blocked_values: ["12"] }, { a: 12 }, { a: 12 }],
  [
    "numbers are masked where all types are looked at",
    { blocked_values: ["12"], redact_all_types: true },
    { a: 123, b: ["12"] },
    { a: "****3", b: '["****"]' },
  ],
  [
    "a hash takes the place of asterisks",
    { blocked_key_patterns: ["^a$"], hash_function: "sha3" },
    { a: "x" },
    { a: hash("sha3-256", "x") },
  ],
  [
    "a keyed hash needs the key to be guessed",
    { attributes: [{ key: "a", action: "hash" }], ...KEYED },
    { a: "x" },
    { a: keyed("x") },
  ],
  [
    "an action comes before what is ignored or blocked",
    {
      attributes: [
        { key: "a", action: "mask" },
        { key: "b", action: "drop" },
      ],
      ignored_keys: ["a"],
      ...KEYED,
    },
    { a: "x", b: "y" },
    { a: "****" },
  ],
])("%s", (_, written, before, after) => {
  expect(redactorOf({ ...ALL, ...written }).attributes(before).attributes).toEqual(after);
});

test("a key with an action is allowed", () => {
  const redactor = redactorOf({ attributes: [{ key: "a", action: "mask" }] });
  expect(redactor.attributes({ a: "x", b: "y" }).attributes).toEqual({ a: "****" });
});

test("only a hash of texts keeps apart what is different", () => {
  const meets = (written: object, attributes: Record<string, string | number>) =>
    redactorOf({ ...ALL, ...written }).attributes(attributes).mayMeet;
  expect(meets({ blocked_values: ["x"] }, { a: "y" })).toBe(false);
  expect(meets({ blocked_values: ["x"] }, { a: "x" })).toBe(true);
  expect(meets({ allow_all_keys: false }, { a: "x" })).toBe(true);
  expect(meets({ blocked_key_patterns: ["a"], ...KEYED }, { a: "x" })).toBe(false);
  expect(meets({ blocked_key_patterns: ["a"], ...KEYED }, { a: 1 })).toBe(true);
});

test("a summary tells how many were redacted, and of which keys, and adds to the one before", () => {
  const rules = { allowed_keys: ["a", "b", "c"], ignored_keys: ["c"], blocked_values: ["x"], allowed_values: ["^y$"] };
  const attributes = { a: "x", b: "y", c: "x", d: "1", e: "2" };
  const info = redactorOf({ ...rules, summary: "info" }).attributes(attributes).attributes;
  expect(info).toEqual({
    a: "****",
    b: "y",
    c: "x",
    "redaction.redacted.count": 2,
    "redaction.masked.count": 1,
    "redaction.allowed.count": 1,
    "redaction.ignored.count": 1,
  });
  const debug = redactorOf({ ...rules, summary: "debug" }).attributes({ ...info, f: "3" }).attributes;
  expect(debug).toMatchObject({ "redaction.redacted.keys": "f", "redaction.redacted.count": 3 });
});

test("bodies are redacted through and through", () => {
  const redactor = redactorOf({
    allowed_keys: ["user", "list", "token"],
    blocked_key_patterns: ["token"],
    blocked_values: ["x+"],
    summary: "debug",
  });
  const body = { user: { token: "t", name: "n" }, list: ["x", 1, { user: "axxb" }], other: "x" };
  expect(redactor.body(body, {})).toEqual({
    body: { user: { token: "****" }, list: ["****", 1, { user: "a****b" }] },
    attributes: {
      "redaction.body.redacted.count": 2,
      "redaction.body.redacted.keys": "other,user.name",
      "redaction.body.masked.count": 3,
      "redaction.body.masked.keys": "list[0],list[2].user,user.token",
    },
  });
  expect(redactor.body("a x", {}).body).toBe("a ****");
});

test("a text that masking would make too long is masked as a whole", () => {
  const redactor = redactorOf({ ...ALL, blocked_values: ["x"], ...KEYED });
  const text = "x".repeat(400_000);
  expect(redactor.attributes({ a: text }).attributes).toEqual({ a: keyed(text) });
});

test.each([
  [{ hash_function: "hmac-sha256" }, "missing_option", ["hmac_key"]],
  [{ hash_function: "hmac-sha512", hmac_key: "" }, "missing_option", ["hmac_key"]],
  [{ hash_function: "md5", hmac_key: "k" }, "exclusive_options", ["hmac_key"]],
  [{ attributes: [{ key: "a", action: "hash" }] }, "missing_option", ["attributes", 0, "action"]],
  [
    {
      attributes: [
        { key: "a", action: "mask" },
        { key: "a", action: "drop" },
      ],
    },
    "exclusive_options",
    ["attributes", 1, "key"],
  ],
])("%o is a mistake", (written, code, path) => {
  expect(checkConfig(configOf(written))).toMatchObject([{ severity: "error", code, path }]);
});
