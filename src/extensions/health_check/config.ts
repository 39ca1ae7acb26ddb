import * as z from "zod";
import type { ConfigProblem } from "../../component/define.ts";
import { serverAuthConfig } from "../../kit/auth/server-guard.ts";
import { duration, endpoint } from "../../kit/fields.ts";
import { checkServerTls, serverTlsConfig } from "../../kit/tls/server-tls.ts";

export const config = z.strictObject({
  endpoint: endpoint("127.0.0.1:13133").describe("Where it answers."),
  path: z
    .string()
    .regex(/^\/[^?#\s]*$/)
    .default("/")
    .describe("Where the health of everything is; `live` and `ready` are below it."),
  tls: serverTlsConfig().optional().describe("Serves HTTPS; `client_ca_file` lets in only who has a certificate."),
  auth: serverAuthConfig(),
  response_body: z
    .strictObject({
      healthy: z.string().default("").describe("Answered where all is well; empty: the state of everything, as JSON."),
      unhealthy: z.string().default("").describe("The same where it is not."),
    })
    .nullable()
    .optional()
    .describe("Fixed texts in the place of the JSON."),
  component_health: z
    .strictObject({
      include_permanent_errors: z
        .boolean()
        .default(true)
        .describe("Whether a component that is broken for good makes the agent unhealthy."),
      include_recoverable_errors: z
        .boolean()
        .default(true)
        .describe(
          "Whether a component does that fails for `recovery_duration`, such as an exporter without its backend.",
        ),
      recovery_duration: duration(60_000).describe("How long a component may fail before that counts."),
    })
    .prefault({})
    .describe("What makes the agent unhealthy, besides not taking data."),
  check_collector_pipeline: z
    .unknown()
    .optional()
    .describe("Taken for the Collector's sake; has no effect here: exporters are looked at by `component_health`."),
});

export type Config = z.output<typeof config>;

export function checkConfig({ tls, check_collector_pipeline: old }: Config): readonly ConfigProblem[] {
  const problems = tls === undefined ? [] : [...checkServerTls(tls, ["tls"])];
  if (old !== undefined) {
    const message = "check_collector_pipeline has no effect in gostcol: component_health is in its place";
    problems.push({ severity: "warning", path: ["check_collector_pipeline"], code: "no_effect", message });
  }
  return problems;
}
