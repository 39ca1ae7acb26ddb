import * as z from "zod";
import type { ConfigProblem } from "../../component/define.ts";
import { duration } from "../../kit/fields.ts";

export const configSchema = z.strictObject({
  send_batch_size: z.int().min(0).default(8192).describe("A request is sent at once when so many items wait."),
  timeout: duration(200).describe("The longest that something waits for others; 0: nothing waits."),
  send_batch_max_size: z.int().min(0).default(0).describe("The most items that one request holds; 0 for no limit."),
});

export type Config = z.output<typeof configSchema>;

export function checkConfig({ send_batch_size: size, send_batch_max_size: max }: Config): readonly ConfigProblem[] {
  if (max === 0 || max >= size) return [];
  return [
    {
      severity: "error",
      path: ["send_batch_max_size"],
      code: "out_of_range",
      message: "smaller than send_batch_size",
      expected: `at least ${size}, or 0`,
    },
  ];
}
