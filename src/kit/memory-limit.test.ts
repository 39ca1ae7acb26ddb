import { expect, test } from "vitest";
import { silentLog } from "../../test/support/silent-log.ts";
import { collectedSeldom } from "../lib/memory.ts";
import { virtualClock } from "../lib/virtual-clock.ts";
import { Meters } from "../pipeline/meters.ts";
import { MemoryLimit, type MemoryLimits } from "./memory-limit.ts";

const MIB = 1024 ** 2;

/** Memory of 1000 MiB in a machine of 4000: from 750 on it is short, at 900 it ends. */
function limited(limits?: MemoryLimits) {
  const clock = virtualClock();
  const meters = new Meters();
  const used = { live: 100 * MIB, garbage: 0, buffers: 0 };
  const memory = {
    read() {
      const heap = used.live + used.garbage;
      return { heap, heapMax: 1000 * MIB, all: heap + used.buffers, allMax: 4000 * MIB };
    },
    collect() {
      used.garbage = 0;
      return true;
    },
  };
  const limit = new MemoryLimit({
    memory: collectedSeldom(memory, clock),
    clock,
    log: silentLog,
    meter: meters.meter({}),
    limits,
  });
  /** Whether a report of 1 kB is let in, a second later. */
  const lets = (irreplaceable = false) => {
    clock.advance(1000);
    return limit.hasRoom({ items: 1, bytes: 1000 }, irreplaceable);
  };
  return { used, lets, limit, clock, collections: () => meters.total("gostcol_memory_collections") };
}

test("it is short from limit - spike on, and what cannot be sent again is let in up to the limit", () => {
  const { used, lets } = limited();
  expect(lets()).toBe(true);
  used.live = 760 * MIB;
  expect([lets(), lets(true)]).toEqual([false, true]);
  used.live = 910 * MIB;
  expect([lets(), lets(true)]).toEqual([false, false]);
});

test("garbage is no shortage: it is collected, though not all the time", () => {
  const { used, lets, collections } = limited();
  used.garbage = 700 * MIB;
  expect(lets()).toBe(true);
  expect(collections()).toBe(1);
  used.live = 800 * MIB;
  for (let turn = 0; turn < 9; turn++) expect(lets()).toBe(false);
  expect(collections()).toBe(1);
  expect(lets()).toBe(false);
  expect(collections()).toBe(2);
});

test("it is enough again only when there is some more room, so that it does not flutter", () => {
  const { used, lets } = limited();
  used.live = 760 * MIB;
  expect(lets()).toBe(false);
  used.live = 740 * MIB;
  expect(lets()).toBe(false);
  used.live = 700 * MIB;
  expect(lets()).toBe(true);
  used.live = 740 * MIB;
  expect(lets()).toBe(true);
});

test("it recovers while everything is refused and nothing is allocated that would have garbage collected", () => {
  const { used, lets } = limited();
  used.live = 800 * MIB;
  expect(lets()).toBe(false);
  used.live = 100 * MIB;
  used.garbage = 700 * MIB;
  const answers = Array.from({ length: 12 }, () => lets());
  expect(answers).toContain(true);
  expect(answers.at(-1)).toBe(true);
});

test("a report is refused that the process would die of, and taken when there is room for it", () => {
  const { used, limit } = limited();
  const large = { items: 1, bytes: 20 * MIB, series: 200_000 };
  used.live = 400 * MIB;
  expect(limit.hasRoom(large, false)).toBe(true);
  used.live = 500 * MIB;
  expect(limit.hasRoom(large, false)).toBe(false);
  expect(limit.hasRoom({ ...large, series: 0 }, false)).toBe(true);
});

test("buffers count against the memory of the machine, or against limit_mib", () => {
  const of = (limits?: MemoryLimits) => {
    const { used, lets } = limited(limits);
    return (buffers: number) => {
      used.buffers = buffers * MIB;
      return lets();
    };
  };
  const machine = of();
  expect([machine(2800), machine(3000)]).toEqual([true, false]);
  const configured = of({ limitShare: 0.9, spikeShare: 0.15, limitBytes: 500 * MIB, spikeBytes: 100 * MIB });
  expect([configured(290), configured(310)]).toEqual([true, false]);
});

test("what was let in since the last look counts as used", () => {
  const { used, limit } = limited();
  used.live = 600 * MIB;
  expect(limit.hasRoom({ items: 1, bytes: 0 }, false)).toBe(true);
  let taken = 0;
  // Memory is looked at again for each of these, and has not grown yet when it is.
  while (taken < 1000 && limit.hasRoom({ items: 1, bytes: 0, series: 1000 }, false)) taken++;
  expect(taken).toBe(1000);
  used.live = 751 * MIB;
  taken = 0;
  while (limit.hasRoom({ items: 1, bytes: 0, series: 1000 }, false)) taken++;
  expect(taken).toBeLessThan(5);
});
