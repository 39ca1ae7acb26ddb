import { expect, test } from "vitest";
import { free } from "./free.ts";

const MEBIBYTE = 1024 * 1024;

test("what was freed is no longer held, without any collection", () => {
  const bytes = Buffer.allocUnsafeSlow(64 * MEBIBYTE);
  const before = process.memoryUsage().arrayBuffers;
  free(bytes);
  expect(before - process.memoryUsage().arrayBuffers).toBeGreaterThan(60 * MEBIBYTE);
  expect(bytes.length).toBe(0);
  free(bytes);
});

test("what may share its memory with others is left alone", () => {
  const small = Buffer.allocUnsafe(1000).fill(1);
  free(small);
  expect(small.every((byte) => byte === 1)).toBe(true);
  const shared = new Uint8Array(new SharedArrayBuffer(MEBIBYTE));
  free(shared);
  expect(shared.length).toBe(MEBIBYTE);
});
