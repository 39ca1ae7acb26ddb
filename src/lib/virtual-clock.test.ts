import { describe, expect, it } from "vitest";
import { NEVER } from "./abort.ts";
import { sleep } from "./clock.ts";
import { virtualClock } from "./virtual-clock.ts";

describe("the virtual clock", () => {
  it("stands still until it is moved", () => {
    const clock = virtualClock(5000);
    clock.after(0, () => expect.unreachable());
    expect(clock.now()).toBe(5000);
    expect(clock.monotonic()).toBe(0);
  });

  it("fires timers in the order of their time, each at its own time", () => {
    const clock = virtualClock(0);
    const fired: string[] = [];
    clock.after(30, () => fired.push(`late ${clock.now()}`));
    clock.after(10, () => {
      fired.push(`first ${clock.now()}`);
      clock.after(5, () => fired.push(`nested ${clock.now()}`));
    });
    clock.after(10, () => fired.push(`second ${clock.now()}`));
    clock.advance(29);
    expect(fired).toEqual(["first 10", "second 10", "nested 15"]);
    expect(clock.now()).toBe(29);
    clock.advance(1);
    expect(fired).toEqual(["first 10", "second 10", "nested 15", "late 30"]);
  });

  it("fires a period until it is cancelled", () => {
    const clock = virtualClock(0);
    const times: number[] = [];
    const cancel = clock.every(10, () => times.push(clock.now()));
    clock.advance(35);
    cancel();
    cancel();
    clock.advance(100);
    expect(times).toEqual([10, 20, 30]);
  });

  it("counts the timers that are still set", () => {
    const clock = virtualClock();
    const cancel = clock.after(10, () => {});
    clock.after(20, () => {});
    clock.every(5, () => {});
    expect(clock.liveTimers).toBe(3);
    cancel();
    clock.advance(20);
    expect(clock.liveTimers).toBe(1);
  });

  it("keeps monotonic time and timers when the wall time is set", () => {
    const clock = virtualClock(1000);
    let fired = false;
    clock.after(10, () => {
      fired = true;
    });
    clock.setWallTime(0);
    clock.advance(9);
    expect(clock.now()).toBe(9);
    expect(fired).toBe(false);
    clock.advance(1);
    expect(fired).toBe(true);
    expect(clock.monotonic()).toBe(10);
  });

  it("lets promises run between the timers when it is moved asynchronously", async () => {
    const clock = virtualClock(0);
    const log: number[] = [];
    const work = (async () => {
      for (let round = 0; round < 3; round++) {
        await sleep(clock, 10, NEVER);
        log.push(clock.now());
      }
    })();
    await clock.advanceAsync(30);
    await work;
    expect(log).toEqual([10, 20, 30]);
  });
});

it("lets time move for whoever waits for what rounding has left of a time", () => {
  const clock = virtualClock();
  clock.advance(1_000_000);
  const untilMs = clock.monotonic() + 1e-12;
  let passes = 0;
  const look = () => {
    if (++passes < 10 && clock.monotonic() < untilMs + 1e-9) clock.after(1e-12, look);
  };
  look();
  clock.advance(1);
  expect(passes).toBe(2);
});
