import * as z from "zod";
import { errorMode, statementSection } from "../../kit/ottl/fields.ts";

export const configSchema = z.strictObject({
  error_mode: errorMode().describe(
    "What becomes of a statement or condition that fails: it does nothing and that is logged (ignore) or not (silent), or the data is refused (propagate).",
  ),
  metric_statements: z
    .array(statementSection("resource", "scope", "metric", "datapoint"))
    .default([])
    .describe("What is done to metrics and their data points, one after the other."),
  trace_statements: z
    .array(statementSection("resource", "scope", "span", "spanevent"))
    .default([])
    .describe("What is done to spans and their events, one after the other."),
  log_statements: z
    .array(statementSection("resource", "scope", "log"))
    .default([])
    .describe("What is done to log records, one after the other."),
});

export type Config = z.output<typeof configSchema>;
