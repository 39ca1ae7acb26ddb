import { expect, test } from "vitest";
import { streamCodec } from "./codecs.ts";
import type { Readings } from "./readings.ts";
import { StreamState } from "./stream-state.ts";

const numbers = (...values: readonly number[]) => new Uint8Array(Float64Array.from(values).buffer);

test("a stream comes back as it was written", () => {
  const lineage = { start: 1000, life: 3, falls: 1, epochs: 4 };
  const state = new StreamState(lineage, [5, Number.NaN], [2, Number.NaN], 2000);
  expect(streamCodec.decode(streamCodec.encode(state))).toEqual(state);
});

test.each([1, 2])("a stream of version %i has its totals; when it was reported last is not known", (version) => {
  const stored = numbers(version, 0, 2, 1000, 3, 1, 50, 60, 7, 8);
  const lineage = { start: 1000, life: 3, falls: 1, epochs: 2 };
  expect(streamCodec.decode(stored)).toEqual(new StreamState(lineage, [50, 60], [7, 8], 0));
});

const READ_LINEAGE = { start: 1000, life: 3, falls: 1, epochs: 2 };
const readings = (accepts: number): Readings => ({
  base: [1],
  alive: [{ ended: [2], lineages: [{ values: [30], open: 4, at: 5000, accepts }] }],
  complete: true,
  highest: [[30]],
  emitters: 1,
  instances: 2,
  spread: [6],
});

test("what several emitters can mean comes back as it was written", () => {
  const state = new StreamState(READ_LINEAGE, [33], [30], 5000, undefined, readings(2));
  expect(streamCodec.decode(streamCodec.encode(state))).toEqual(state);
});

test("before version 4 nothing said that an emitter accepts no more", () => {
  const read = [1, 2, 1, 1, 1, 6, 1, 30, 1, 2, 4, 5000, 30];
  const stored = numbers(3, 2, 1, 1000, 3, 1, 2, 5000, 33, 30, ...read);
  const state = new StreamState(READ_LINEAGE, [33], [30], 5000, undefined, readings(Number.POSITIVE_INFINITY));
  expect(streamCodec.decode(stored)).toEqual(state);
});

test.each([
  ["a newer version", numbers(5, 0, 2, 1000, 3, 1, 50, 60, 7, 8)],
  ["a row that is cut off", numbers(3, 0, 2, 1000, 3, 1, 1, 0, 50, 60, 7)],
  ["a row with something behind it", numbers(3, 0, 1, 1000, 3, 1, 1, 0, 50, 7, 9)],
  ["no bytes", numbers()],
])("%s is refused", (_, bytes) => {
  expect(() => streamCodec.decode(bytes)).toThrow(/stream totals of/);
});
