import { expect, test } from "vitest";
import { DeadlineError, deadline, NEVER, orAborted } from "./abort.ts";
import { sleep } from "./clock.ts";
import { virtualClock } from "./virtual-clock.ts";

test("a deadline aborts with an error that says what was late", () => {
  const clock = virtualClock();
  const { signal } = deadline(clock, 500, "stopping the exporter");
  clock.advance(499);
  expect(signal.aborted).toBe(false);
  clock.advance(1);
  expect(signal.reason).toBeInstanceOf(DeadlineError);
  expect(String(signal.reason)).toContain("stopping the exporter took longer than 500 ms");
});

test("a deadline aborts with its parent's reason, and cancelling it frees its timer", () => {
  const clock = virtualClock();
  const parent = new AbortController();
  const child = deadline(clock, 500, "work", parent.signal);
  parent.abort("enough");
  expect(child.signal.reason).toBe("enough");
  child.cancel();
  expect(clock.liveTimers).toBe(0);
});

test("orAborted rejects with the signal's reason while the work goes on", async () => {
  const controller = new AbortController();
  const waiting = orAborted(new Promise<never>(() => {}), controller.signal);
  controller.abort(new Error("too late"));
  await expect(waiting).rejects.toThrow("too late");
  await expect(orAborted(Promise.resolve(3), NEVER)).resolves.toBe(3);
});

test("sleep ends with its time, or with its signal and no timer left", async () => {
  const clock = virtualClock();
  const controller = new AbortController();
  const slept = sleep(clock, 100, NEVER);
  clock.advance(100);
  await slept;
  const interrupted = sleep(clock, 100, controller.signal);
  controller.abort(new Error("stop"));
  await expect(interrupted).rejects.toThrow("stop");
  expect(clock.liveTimers).toBe(0);
});
