import { expect, test } from "vitest";
import { type SendRigOptions, sendRig } from "../../../test/support/send-rig.ts";
import type { Health } from "../../component/status.ts";
import { SendError } from "./send-error.ts";

type Failure = "retryable" | "permanent" | "is slow" | undefined;
type Config = SendRigOptions["config"];

const EVEN = { initial_interval: "10s", max_interval: "10s", randomization_factor: 0, multiplier: 1 };

/** An exporter whose backend is as the test says. */
async function sending(config: Config = {}) {
  const backend: { fails: Failure } = { fails: undefined };
  const rig = await sendRig({
    config: { retry_on_failure: EVEN, ...config },
    answer: () => {
      if (backend.fails === "is slow") return new Promise(() => {});
      if (backend.fails !== undefined) throw new SendError(backend.fails, "test", "not today");
      return undefined;
    },
  });
  const health = () => rig.exporter.health!(AbortSignal.abort()) as Promise<Health>;
  return { ...rig, backend, health };
}

test("failing attempts are degraded at first, and failed after half a minute where the breaker is shut", async () => {
  const { deliver, pass, backend, health, stop } = await sending({ circuit_breaker: { enabled: false } });
  backend.fails = "retryable";
  await deliver("a/x=1");
  await pass(25_000);
  expect(await health()).toEqual({ status: "degraded", message: "nothing could be delivered for 25 s: not today" });
  await pass(10_000);
  expect(await health()).toEqual({ status: "failed", message: "nothing could be delivered for 35 s: not today" });
  backend.fails = undefined;
  await pass(10_000);
  expect(await health()).toEqual({ status: "ok" });
  await stop();
});

test("a full queue that refuses takes nothing, and says why it is full", async () => {
  const { deliver, pass, backend, health, stop } = await sending({ sending_queue: { queue_size: 5 } });
  backend.fails = "retryable";
  for (const value of [1, 2, 3, 4]) await deliver(`a/x=${value}`);
  await pass();
  expect(await health()).toMatchObject({ status: "degraded" });
  await deliver("a/x=5");
  expect(await health()).toEqual({
    status: "failed",
    refuses: true,
    message:
      "the metrics queue is full (5 of 5 requests): what comes is refused; nothing could be delivered for 0 s: not today",
  });
  backend.fails = undefined;
  await pass(60_000);
  expect(await health()).toEqual({ status: "ok" });
  await stop();
});

test("a full queue that drops the oldest loses data, and goes on taking what comes", async () => {
  const config = { sending_queue: { queue_size: 2, on_overflow: "drop_oldest" as const } };
  const { deliver, backend, health, stop } = await sending(config);
  backend.fails = "retryable";
  for (const value of [1, 2, 3]) await deliver(`a/x=${value}`);
  expect(await health()).toMatchObject({
    status: "failed",
    refuses: false,
    message: expect.stringContaining("dropped"),
  });
  await stop();
});

test("a queue that is nearly full is worth knowing while its backend takes what it can", async () => {
  const { deliver, backend, health, stop } = await sending({ sending_queue: { queue_size: 10, num_consumers: 1 } });
  backend.fails = "is slow";
  for (let value = 1; value <= 8; value++) await deliver(`a/x=${value}`);
  expect(await health()).toEqual({
    status: "degraded",
    message: "the metrics queue is nearly full (8 of 10 requests)",
  });
  await stop(AbortSignal.abort());
});

test("without a queue it is not full for what is being sent, but for what cannot be", async () => {
  const { deliver, pass, backend, health, stop } = await sending({
    sending_queue: { enabled: false, num_consumers: 2 },
  });
  await deliver("a/x=1", "b/x=1");
  expect(await health()).toEqual({ status: "ok" });
  backend.fails = "retryable";
  await pass();
  await deliver("a/x=2", "b/x=2");
  await pass();
  expect(await health()).toMatchObject({ status: "failed", refuses: true });
  await stop();
});

test("one batch that is refused for good may be its own fault; one after the other is not", async () => {
  const { deliver, pass, backend, health, stop } = await sending({ circuit_breaker: { failure_threshold: 3 } });
  backend.fails = "permanent";
  const seen: string[] = [];
  for (const value of [1, 2, 3]) {
    await deliver(`a/x=${value}`);
    await pass();
    seen.push((await health()).status);
  }
  expect(seen).toEqual(["degraded", "degraded", "failed"]);
  expect((await health()).message).toBe("the backend refuses for good what it is sent: not today");
  backend.fails = undefined;
  await deliver("a/x=4");
  await pass();
  expect(await health()).toEqual({ status: "ok" });
  await stop();
});
