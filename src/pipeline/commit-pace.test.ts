import { expect, test } from "vitest";
import { virtualClock } from "../lib/virtual-clock.ts";
import { CommitPace } from "./commit-pace.ts";

const COMMIT_MS = 3;
/** Of the one thread, for each report. */
const WORK_MS = 0.025;

/**
 * Senders who each send again when they are answered, in one thread: it handles all requests that have come before it
 * hears of the end of a commit. Gives the sizes of the commits in half a second.
 */
function commitsOf(senders: number): readonly number[] {
  const clock = virtualClock();
  const sizes: number[] = [];
  let waiting = 0;
  let endsAtMs: number | undefined;
  const begin = () => {
    if (endsAtMs !== undefined || waiting === 0 || !pace.begins(waiting)) return;
    sizes.push(waiting);
    waiting = 0;
    endsAtMs = clock.monotonic() + COMMIT_MS;
  };
  const pace = new CommitPace(clock, begin);
  for (let arrived = senders; clock.monotonic() < 500; ) {
    for (; arrived > 0; arrived--) {
      clock.advance(WORK_MS);
      waiting++;
      begin();
    }
    if (endsAtMs === undefined || endsAtMs > clock.monotonic()) clock.advance(WORK_MS);
    else {
      endsAtMs = undefined;
      arrived = sizes.at(-1)!;
      begin();
    }
  }
  return sizes;
}

test("two halves of many senders take turns: none is committed alone while all others wait", () => {
  const [smallest] = commitsOf(256)
    .slice(-20)
    .toSorted((left, right) => left - right);
  expect(smallest).toBeGreaterThan(64);
});

test("few senders are never made to wait for each other", () => {
  const clock = virtualClock();
  const pace = new CommitPace(clock, () => {});
  expect([31, 1, 31, 1].map((size) => pace.begins(size))).toEqual([true, true, true, true]);
});

test("whoever comes alone behind many waits a moment, and then as if there had been none", () => {
  const clock = virtualClock();
  const begun: boolean[] = [];
  const pace = new CommitPace(clock, () => begun.push(pace.begins(1)));
  pace.begins(100);
  expect([pace.begins(1), pace.begins(49)]).toEqual([false, false]);
  clock.advance(2);
  expect(begun).toEqual([true]);
  expect(pace.begins(1)).toBe(true);
  expect(clock.liveTimers).toBe(0);
});

test("the wait is over as soon as half as many are there", () => {
  const clock = virtualClock();
  const pace = new CommitPace(clock, () => expect.unreachable());
  pace.begins(100);
  expect([pace.begins(10), pace.begins(50)]).toEqual([false, true]);
  expect(clock.liveTimers).toBe(0);
});
