import { expect, test } from "vitest";
import * as z from "zod";
import { Secret } from "../component/secret.ts";
import { byteSize, duration, endpoint, endpointText, isLoopback, parseEndpoint, secret } from "./fields.ts";

test.each([
  ["127.0.0.1:8000", { host: "127.0.0.1", port: 8000 }],
  ["localhost:4317", { host: "localhost", port: 4317 }],
  ["[::1]:80", { host: "::1", port: 80 }],
  [":8000", { host: "", port: 8000 }],
])("reads the endpoint %s", (text, expected) => {
  expect(parseEndpoint(text)).toEqual(expected);
});

test.each(["", "8000", "host", "host:", "host:70000", "http://host:80", "::1:80", "a b:80"])(
  "refuses the endpoint %j",
  (text) => {
    expect(parseEndpoint(text)).toBeUndefined();
  },
);

test("an endpoint's text can be read again", () => {
  for (const text of ["127.0.0.1:8000", "[::1]:80", ":8000"]) expect(endpointText(parseEndpoint(text)!)).toBe(text);
});

test("loopback is what only this machine reaches", () => {
  expect(["127.0.0.1", "127.9.9.9", "::1", "localhost"].every(isLoopback)).toBe(true);
  expect(["", "0.0.0.0", "::", "10.0.0.1", "example.org", "127.evil.org"].some(isLoopback)).toBe(false);
});

test("fields give their defaults, and say with a code what they expected", () => {
  const schema = z.strictObject({
    wait: duration(5000, { maxMs: 10_000 }),
    size: byteSize(1024),
    at: endpoint("localhost:1"),
  });
  expect(schema.parse({})).toEqual({ wait: 5000, size: 1024, at: { host: "localhost", port: 1 } });
  const issues = schema.safeParse({ wait: "1h", size: "big", at: "there" }).error!.issues;
  expect(issues.map((issue) => [issue.path[0], issue.code === "custom" && issue.params?.["code"]])).toEqual([
    ["wait", "out_of_range"],
    ["size", "bad_size"],
    ["at", "bad_endpoint"],
  ]);
});

test("a secret shows itself only when asked", () => {
  const value = secret().parse("s3cret");
  expect(value).toBeInstanceOf(Secret);
  expect(JSON.stringify({ value })).not.toContain("s3cret");
  expect(`${value}`).toBe("[REDACTED]");
  expect(value.reveal()).toBe("s3cret");
});
