import * as z from "zod";
import type { ConfigProblem } from "../../component/define.ts";
import { headerName, headerSecret } from "../../kit/auth/header-text.ts";

export const configSchema = z.strictObject({
  token: headerSecret().optional().describe("The token."),
  tokens: z
    .array(headerSecret())
    .min(1)
    .optional()
    .describe("Several: receivers let in any of them, exporters send the first."),
  filename: z
    .string()
    .min(1)
    .optional()
    .describe("A file that holds the token, or several, a line each; read again when it changes."),
  scheme: z
    .string()
    .regex(/^[A-Za-z0-9._~+/-]*$/, "not the name of a scheme")
    .default("Bearer")
    .describe("What stands in front of the token; empty: nothing does."),
  header: headerName().default("Authorization").describe("The header (metadata, for gRPC) that carries it."),
});

export type Config = z.output<typeof configSchema>;

export function checkConfig({ token, tokens, filename }: Config): readonly ConfigProblem[] {
  const expected = "token, tokens or filename";
  if (token === undefined && tokens === undefined && filename === undefined) {
    return [{ severity: "error", path: [], code: "missing_option", message: "there is no token", expected }];
  }
  if (token !== undefined && tokens !== undefined) {
    const message = "both token and tokens are given";
    return [{ severity: "error", path: ["tokens"], code: "exclusive_options", message, expected }];
  }
  if (filename === undefined || (token === undefined && tokens === undefined)) return [];
  const path = [token === undefined ? "tokens" : "token"];
  // As in the Collector.
  return [
    { severity: "warning", path, code: "no_effect", message: "filename comes first: what is given here is not used" },
  ];
}
