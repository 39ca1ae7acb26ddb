import * as z from "zod";
import { clientAuthConfig } from "../../kit/auth/client-auth.ts";
import { clientTlsConfig } from "../../kit/client/client-tls.ts";
import { duration, grpcTarget, secret } from "../../kit/fields.ts";
import { sendFields } from "../../kit/send/config.ts";

export const config = z.strictObject({
  endpoint: grpcTarget().describe("`host:port`; with `http://` in plain text, with `https://` over TLS."),
  headers: z.record(z.string().min(1), secret()).prefault({}).describe("Metadata of every call."),
  auth: clientAuthConfig(),
  authority: z
    .string()
    .min(1)
    .optional()
    .describe("What the server is told that it is called; by default the endpoint."),
  compression: z.enum(["gzip", "deflate", "none"]).default("gzip").describe("How requests are compressed."),
  compression_params: z
    .strictObject({ level: z.int().min(1).max(9).default(1).describe("1 is the fastest.") })
    .prefault({})
    .describe("How hard it is tried."),
  tls: clientTlsConfig().prefault({}).describe("How the connection is secured; on by default."),
  keepalive: z
    .strictObject({
      time: duration(30_000).describe("A PING after so long; 0 never."),
      timeout: duration(10_000, { minMs: 1 }).describe("How long it may go unanswered."),
    })
    .prefault({})
    .describe("Finds connections whose other end has gone."),
  ...sendFields(5000),
});

export type Config = z.output<typeof config>;
