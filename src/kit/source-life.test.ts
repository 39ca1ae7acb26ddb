import { expect, test } from "vitest";
import type { LifeEvent } from "../model/source-facts.ts";
import { afterLifeEvent, endMayCome, NO_LIFE_SIGNS, wasReload } from "./source-life.ts";

const signsOf = (...events: readonly [LifeEvent["type"], number][]) =>
  events.reduce((signs, [type, at]) => afterLifeEvent(signs, { type, at }), NO_LIFE_SIGNS);

test("a beginning without an end close to it is a new process", () => {
  expect(signsOf(["began", 10_000])).toEqual({ ...NO_LIFE_SIGNS, beganAt: 10_000 });
  expect(signsOf(["closed", 5000], ["began", 10_000]).reload).toBe(false);
  expect(signsOf(["began", 10_000], ["closed", 13_000]).reload).toBe(false);
});

test("a beginning with an end close to it is a reload, in either order", () => {
  expect(signsOf(["closed", 9999], ["began", 10_000]).reload).toBe(true);
  expect(signsOf(["began", 10_000], ["closed", 10_001])).toEqual({
    beganAt: 10_000,
    reload: true,
    closedAt: 10_001,
    endTaken: true,
  });
});

test("a later end does not change what the beginning was, and the next beginning is judged by itself", () => {
  expect(signsOf(["began", 10_000], ["closed", 10_001], ["closed", 60_000]).reload).toBe(true);
  expect(signsOf(["began", 10_000], ["closed", 10_001], ["began", 90_000]).reload).toBe(false);
});

test("an end is of one beginning, the nearest: a process that is gone soon after its reload was not reloaded again", () => {
  for (const reload of [
    ["closed", "began"],
    ["began", "closed"],
  ] as const) {
    const signs = signsOf([reload[0], 10_000], [reload[1], 10_005], ["began", 10_800]);
    expect(signs.reload).toBe(false);
    expect(afterLifeEvent(signs, { type: "began", at: 11_600 }).reload).toBe(false);
    expect(afterLifeEvent(signs, { type: "closed", at: 10_801 }).reload).toBe(true);
  }
});

test("an end that comes before its beginning makes no reload of the start before it, once that beginning came", () => {
  const signs = signsOf(["began", 10_000], ["closed", 10_400]);
  expect(wasReload(signs, 10_405)).toBe(false);
  expect(wasReload(signs, 90_000)).toBe(true);
  expect(afterLifeEvent(signs, { type: "began", at: 10_405 }).reload).toBe(true);
});

test("of two reloads each has its own end", () => {
  const [first, second] = [
    signsOf(["closed", 10_000], ["began", 10_005]),
    signsOf(["began", 10_000], ["closed", 10_005]),
  ];
  for (const signs of [first, second]) {
    const ended = afterLifeEvent(signs, { type: "closed", at: 11_000 });
    expect(wasReload(ended, 11_001)).toBe(true);
    expect(afterLifeEvent(ended, { type: "began", at: 11_001 }).reload).toBe(true);
    expect(wasReload(signs, 11_001)).toBe(true);
  }
});

test("a clock that was set makes no reload of what is not one, and hides none when it was set by a little", () => {
  const hour = 3_600_000;
  expect(signsOf(["closed", 10_000 + hour], ["began", 10_000]).reload).toBe(false);
  expect(signsOf(["began", 10_000 + hour], ["closed", 10_000]).reload).toBe(false);
  expect(signsOf(["closed", 10_005], ["began", 10_000]).reload).toBe(true);
  const signs = signsOf(["began", 10_000 + hour]);
  expect([9000 + hour, 12_000 + hour, 10_000].map((now) => endMayCome(signs, now))).toEqual([true, true, false]);
});

test("lost connections alone say nothing of counters", () => {
  expect(signsOf(["connections_lost", 5])).toEqual(NO_LIFE_SIGNS);
});
