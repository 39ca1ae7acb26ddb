import * as z from "zod";
import { headerName, headerSecret } from "../../kit/auth/header-text.ts";

export const configSchema = z.strictObject({
  token: headerSecret().describe("The token."),
  scheme: z
    .string()
    .regex(/^[A-Za-z0-9._~+/-]*$/, "not the name of a scheme")
    .default("Bearer")
    .describe("What stands in front of the token; empty: nothing does."),
  header: headerName().default("Authorization").describe("The header (metadata, for gRPC) that carries it."),
});

export type Config = z.output<typeof configSchema>;
