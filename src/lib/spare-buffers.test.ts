import { expect, test } from "vitest";
import { SpareBuffers } from "./spare-buffers.ts";

const LIMITS = { bytesMax: 1_000_000, countMax: 2 };

test("a buffer that was given back is taken again, by whoever needs no more than it has", () => {
  const buffers = new SpareBuffers(LIMITS);
  const first = buffers.take(50_000);
  expect(first.length).toBeGreaterThanOrEqual(50_000);
  buffers.give(first.subarray(0, 10));
  expect(buffers.take(200_000).buffer).not.toBe(first.buffer);
  expect(buffers.take(first.length).buffer).toBe(first.buffer);
  expect(buffers.take(50_000).buffer).not.toBe(first.buffer);
});

test("nobody gets a buffer twice, or one that is another's", () => {
  const buffers = new SpareBuffers(LIMITS);
  const ours = buffers.take(50_000);
  buffers.give(ours);
  buffers.give(ours);
  expect(buffers.take(50_000).buffer).toBe(ours.buffer);
  expect(buffers.take(50_000).buffer).not.toBe(ours.buffer);
  const others = [Buffer.alloc(50_000), buffers.take(100), new SpareBuffers(LIMITS).take(50_000)];
  for (const other of others) buffers.give(other);
  for (const { buffer } of others) expect(buffers.take(20_000).buffer).not.toBe(buffer);
});

test("only a few are held on to, and no large ones", () => {
  const buffers = new SpareBuffers(LIMITS);
  const large = buffers.take(2_000_000);
  buffers.give(large);
  expect(buffers.take(1_500_000).buffer).not.toBe(large.buffer);
  const taken = [1, 2, 3].map(() => buffers.take(50_000));
  for (const each of taken) buffers.give(each);
  const again = [1, 2, 3].map(() => buffers.take(50_000).buffer);
  expect(again.slice(0, 2)).toEqual(taken.slice(1).map(({ buffer }) => buffer));
  expect(taken.map(({ buffer }) => buffer)).not.toContain(again[2]);
});
