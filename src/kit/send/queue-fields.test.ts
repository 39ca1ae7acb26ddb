import { describe, expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { type SendRig, type SendRigOptions, sendRig } from "../../../test/support/send-rig.ts";
import { checkSendFields, sendFields } from "./config.ts";

// What each field of `sending_queue` says that it does. What happens at the bound: send-chain.test.ts.

type Queue = NonNullable<NonNullable<SendRigOptions["config"]>["sending_queue"]>;

const SIZE = "otelcol_exporter_queue_size";
const CAPACITY = "otelcol_exporter_queue_capacity";
const THREE = ["a/x=1", "a/y=2", "a/z=3"] as const;

/** Over a backend that never answers. */
async function rigOf(queue: Queue): Promise<SendRig> {
  const rig = await sendRig({
    config: { sending_queue: queue, timeout: "0s" },
    answer: ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error))),
  });
  onTestFinished(() => rig.stop(AbortSignal.abort()));
  return rig;
}

/** How many deliveries of three points are taken, of ten. */
async function takenBy(rig: SendRig): Promise<number> {
  let taken = 0;
  for (let count = 0; count < 10; count++) if ((await rig.deliver(...THREE)).taken) taken++;
  return taken;
}

describe("queue_size", () => {
  test("counts requests, what is being sent among them", async () => {
    const rig = await rigOf({ queue_size: 4 });
    expect(await takenBy(rig)).toBe(4);
    expect([rig.total(SIZE), rig.total(CAPACITY)]).toEqual([4, 4]);
    expect(rig.total("otelcol_exporter_in_flight_requests")).toBe(1);
  });

  test("counts items: the delivery that goes over it is the last", async () => {
    const rig = await rigOf({ sizer: "items", queue_size: 7 });
    expect(await takenBy(rig)).toBe(3);
    expect([rig.total(SIZE), rig.total(CAPACITY)]).toEqual([9, 7]);
  });

  test("counts bytes, as OTLP's protobuf has them", async () => {
    const one = await rigOf({ sizer: "bytes", queue_size: 1_000_000 });
    await one.deliver(...THREE);
    const bytes = one.total(SIZE);
    expect(bytes).toBeGreaterThan(100);
    const rig = await rigOf({ sizer: "bytes", queue_size: 2 * bytes + 1 });
    expect(await takenBy(rig)).toBe(3);
    expect(rig.total(SIZE)).toBe(3 * bytes);
  });

  test("holds a single delivery that is larger than all of it", async () => {
    const rig = await rigOf({ sizer: "items", queue_size: 1 });
    expect(await takenBy(rig)).toBe(1);
  });
});

test("num_consumers is how many requests are under way at the most, one for a resource", async () => {
  const rig = await rigOf({ num_consumers: 3 });
  for (const node of ["a", "a", "b", "c", "d", "e"]) await rig.deliver(`${node}/x=1`);
  await rig.pass();
  expect(rig.sent.map(({ points }) => points)).toEqual([["a/x=1"], ["b/x=1"], ["c/x=1"]]);
  expect(rig.total("otelcol_exporter_in_flight_requests")).toBe(3);
});

test("enabled: false holds what is being sent alone, whatever the other fields say", async () => {
  const rig = await rigOf({ enabled: false, num_consumers: 2, queue_size: 1000, batch: { min_size: 100 } });
  expect(await takenBy(rig)).toBe(2);
});

describe("batch", () => {
  test("counts bytes where its sizer says so", async () => {
    const one = await rigOf({ sizer: "bytes" });
    await one.deliver("a/x=1");
    const bytes = one.total(SIZE);
    const batch = { sizer: "bytes", min_size: 2 * bytes + 1, max_size: 3 * bytes, flush_timeout: "1m" } as const;
    const rig = await rigOf({ batch });
    await rig.deliver("a/x=1");
    await rig.deliver("a/x=2");
    await rig.pass();
    expect(rig.sent).toEqual([]);
    await rig.deliver("a/x=3");
    await rig.deliver("a/x=4");
    await rig.pass();
    expect(rig.sent.map(({ points }) => points)).toEqual([["a/x=1", "a/x=2", "a/x=3"]]);
  });

  test("without a limit makes requests of min_size, not one of all that waits", async () => {
    const rig = await sendRig({ config: { sending_queue: { batch: { min_size: 2, flush_timeout: "1s" } } } });
    onTestFinished(() => rig.stop(AbortSignal.abort()));
    for (let value = 1; value <= 5; value++) await rig.deliver(`a/x=${value}`);
    await rig.pass(1000);
    expect(rig.sent.map(({ points }) => points.length)).toEqual([2, 2, 1]);
  });

  test("written as {} has the Collector's values, and without a value it is off", () => {
    const { batch } = z.strictObject(sendFields()).parse({ sending_queue: { batch: null } }).sending_queue;
    expect(batch).toBeUndefined();
    const written = z.strictObject(sendFields()).parse({ sending_queue: { batch: {} } }).sending_queue.batch;
    expect(written).toEqual({ min_size: 8192, max_size: 0, flush_timeout: 200, sizer: "items" });
  });
});

describe("a configuration is refused", () => {
  const schema = z.strictObject(sendFields());

  test.each<[string, object]>([
    ["num_consumers", { num_consumers: 0 }],
    ["queue_size", { queue_size: 0 }],
    ["batch.sizer", { batch: { sizer: "requests" } }],
    ["batch.flush_timeout", { batch: { flush_timeout: "0s" } }],
    ["batch.min_size", { batch: { min_size: -1 } }],
    ["wait_for_result", { wait_for_result: true }],
  ])("by %s alone", (path, sending_queue) => {
    const { error } = schema.safeParse({ sending_queue });
    expect(error?.issues.map(({ path }) => path.join("."))).toEqual([`sending_queue.${path}`]);
  });

  test.each<[string, object]>([
    ["batch.max_size", { batch: { min_size: 10, max_size: 9 } }],
    ["batch.min_size", { sizer: "items", queue_size: 9, batch: { min_size: 10 } }],
    ["on_overflow", { block_on_overflow: true, on_overflow: "drop_oldest" }],
    ["compact", { compact: true, storage: "file_storage" }],
  ])("by %s beside the others", (path, sending_queue) => {
    const problems = checkSendFields(schema.parse({ sending_queue }));
    expect(problems.map(({ severity, path }) => [severity, path.join(".")])).toEqual([
      ["error", `sending_queue.${path}`],
    ]);
  });
});
