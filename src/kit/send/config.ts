import * as z from "zod";
import type { ConfigProblem } from "../../component/define.ts";
import { byteSize, duration, extensionId } from "../fields.ts";

/**
 * The fields that every exporter with a send chain has, under the Collector's names. Where a default differs from the
 * Collector's the reason is in docs/specs/sending.md.
 */
export const sendingQueue = z
  .strictObject({
    enabled: z.boolean().default(true).describe("Without a queue only what is being sent is held."),
    queue_size: z.int().min(1).default(1000).describe("How much it holds, in the unit of `sizer`."),
    sizer: z.enum(["requests", "items", "bytes"]).default("requests").describe("What `queue_size` counts."),
    num_consumers: z.int().min(1).max(1000).default(10).describe("How many requests are under way at the most."),
    block_on_overflow: z
      .boolean()
      .default(false)
      .describe("Whether a full queue makes the sender of the data wait instead of refusing it."),
    on_overflow: z
      .enum(["refuse", "drop_oldest"])
      .default("refuse")
      .describe("What a full queue does with new data: refuse it, or drop (and count) the oldest that waits."),
    wait_for_result: z
      .literal(false)
      .default(false)
      .describe("Always false: what is answered has been committed, so a backend's refusal comes too late to pass on."),
    storage: extensionId()
      .optional()
      .describe("The id of the storage extension that keeps what waits through a restart; without it memory does."),
    compact: z
      .boolean()
      .default(false)
      .describe(
        "Whether only the newest value of each cumulative series and gauge waits: the same truth in less space.",
      ),
    batch: z
      .strictObject({
        min_size: z.int().min(0).default(8192).describe("Sent at once when so much waits, in the unit of `sizer`."),
        max_size: z.int().min(0).default(0).describe("The most that one request holds; 0 for no limit."),
        flush_timeout: duration(200, { minMs: 1 }).describe("The longest that something waits for `min_size`."),
        sizer: z.enum(["items", "bytes"]).default("items").describe("What `min_size` and `max_size` count."),
      })
      .nullable()
      .optional()
      .transform((value) => value ?? undefined)
      .describe("Joins what waits into larger requests; absent: one request for each delivery."),
  })
  .prefault({});

export const retryOnFailure = z
  .strictObject({
    enabled: z.boolean().default(true).describe("Whether a retryable failure is tried again."),
    initial_interval: duration(1000, { minMs: 1 }).describe("The wait before the first repetition."),
    randomization_factor: z.number().min(0).max(1).default(0.5).describe("How far each wait strays from its value."),
    multiplier: z.number().min(1).max(100).default(1.5).describe("By how much each wait grows."),
    max_interval: duration(30_000, { minMs: 1 }).describe("The longest wait."),
    max_elapsed_time: duration(0).describe("After this it gives up and the data is dropped; 0: never."),
  })
  .prefault({});

export const circuitBreaker = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe("Whether a backend that fails again and again is left alone for a while."),
    failure_threshold: z.int().min(1).default(5).describe("So many failures in a row open the breaker."),
    open_for: duration(5000, { minMs: 1 }).describe("For so long nothing is tried; then it is half-open."),
    half_open_requests: z.int().min(1).default(1).describe("How many requests may probe a half-open breaker at once."),
  })
  .prefault({});

export const deadLetter = z
  .strictObject({
    path: z
      .string()
      .min(1)
      .optional()
      .describe("The file that takes what was refused for good: a line of JSON for each request."),
    max_size: byteSize(100 * 1024 * 1024).describe("Above this nothing more is written there, and counted as dropped."),
    exporter: z
      .string()
      .min(1)
      .optional()
      .describe("In place of a file: the id of another exporter that takes it; no pipeline has to name that one."),
  })
  .optional()
  .describe("Where data goes that a backend refused for good; without it the data is dropped and counted.");

/** The fields as a component's schema spreads them. `timeoutMs`: the default time that one attempt may take. */
export function sendFields(timeoutMs = 5000) {
  return {
    timeout: duration(timeoutMs).describe("The longest that one attempt may take; 0: no limit."),
    sending_queue: sendingQueue.describe("What waits to be sent."),
    retry_on_failure: retryOnFailure.describe("How retryable failures are repeated."),
    circuit_breaker: circuitBreaker.describe("When a failing backend is left alone."),
    dead_letter: deadLetter,
  };
}

export interface SendConfig {
  readonly timeout: number;
  readonly sending_queue: z.output<typeof sendingQueue>;
  readonly retry_on_failure: RetryConfig;
  readonly circuit_breaker: BreakerConfig;
  readonly dead_letter?: z.output<typeof deadLetter>;
}

export type RetryConfig = z.output<typeof retryOnFailure>;
export type BreakerConfig = z.output<typeof circuitBreaker>;

/** The checks between these fields, with the Collector's wording where it has the same. */
export function checkSendFields({
  sending_queue: queue,
  retry_on_failure: retry,
  dead_letter: deadLetter,
}: SendConfig): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const problem = (code: string, path: readonly string[], message: string, expected: string) =>
    problems.push({ severity: "error", code, path, message, expected });
  const { batch } = queue;
  if (batch !== undefined) {
    const at = (field: string) => ["sending_queue", "batch", field];
    if (batch.max_size > 0 && batch.max_size < batch.min_size) {
      problem("out_of_range", at("max_size"), "smaller than min_size", `at least ${batch.min_size}, or 0`);
    }
    if (batch.sizer === queue.sizer && batch.min_size > queue.queue_size) {
      problem(
        "out_of_range",
        at("min_size"),
        "larger than queue_size, so it would never be reached",
        `at most ${queue.queue_size}`,
      );
    }
  }
  if (deadLetter !== undefined && deadLetter.path === undefined && deadLetter.exporter === undefined) {
    problem("missing_option", ["dead_letter"], "nothing says where dead letters go", "path or exporter");
  }
  if (deadLetter?.path !== undefined && deadLetter.exporter !== undefined) {
    problem("exclusive_options", ["dead_letter", "exporter"], "not with path", "one of both");
  }
  if (queue.compact && queue.storage !== undefined) {
    problem(
      "exclusive_options",
      ["sending_queue", "compact"],
      "not with storage: stored totals are sent on anew at each start",
      "one of both",
    );
  }
  if (queue.block_on_overflow && queue.on_overflow === "drop_oldest") {
    problem("exclusive_options", ["sending_queue", "on_overflow"], "not with block_on_overflow", "one of both");
  }
  if (retry.max_interval < retry.initial_interval) {
    problem(
      "out_of_range",
      ["retry_on_failure", "max_interval"],
      "shorter than initial_interval",
      "at least initial_interval",
    );
  }
  if (retry.max_elapsed_time > 0 && retry.max_elapsed_time < retry.max_interval) {
    problem(
      "out_of_range",
      ["retry_on_failure", "max_elapsed_time"],
      "shorter than max_interval",
      "at least max_interval, or 0",
    );
  }
  return problems;
}
