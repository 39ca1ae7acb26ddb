import { afterEach, expect, test, vi } from "vitest";
import { systemClock } from "./system-clock.ts";

afterEach(() => void vi.useRealTimers());

const DAY_MS = 86_400_000;

test("a timer of many days fires when they are over, not at once", () => {
  vi.useFakeTimers();
  let fired = 0;
  systemClock.after(60 * DAY_MS, () => fired++);
  vi.advanceTimersByTime(60 * DAY_MS - 1);
  expect(fired).toBe(0);
  vi.advanceTimersByTime(1);
  expect(fired).toBe(1);
});

test("it can be cancelled at any time before", () => {
  vi.useFakeTimers();
  let fired = 0;
  const cancel = systemClock.after(60 * DAY_MS, () => fired++);
  vi.advanceTimersByTime(40 * DAY_MS);
  cancel();
  vi.advanceTimersByTime(40 * DAY_MS);
  expect([fired, vi.getTimerCount()]).toEqual([0, 0]);
});
