import * as z from "zod";
import { clientTlsConfig } from "../../kit/client/client-tls.ts";
import { duration, extensionId, httpUrl, secret } from "../../kit/fields.ts";
import { sendFields } from "../../kit/send/config.ts";

export const config = z.strictObject({
  endpoint: httpUrl().optional().describe("The server's base address; `/v1/metrics` and its like are put behind it."),
  metrics_endpoint: httpUrl().optional().describe("Where metrics go, taken as it is."),
  traces_endpoint: httpUrl().optional().describe("Where traces go, taken as it is."),
  logs_endpoint: httpUrl().optional().describe("Where logs go, taken as it is."),
  headers: z.record(z.string().min(1), secret()).prefault({}).describe("Headers of every request."),
  auth: z
    .strictObject({ authenticator: extensionId().describe("The id of an extension that authenticates clients.") })
    .optional()
    .describe("Who puts the credentials in."),
  encoding: z.enum(["proto", "json"]).default("proto").describe("How requests are written."),
  compression: z.enum(["gzip", "zstd", "deflate", "none"]).default("gzip").describe("How requests are compressed."),
  compression_params: z
    .strictObject({
      level: z.int().min(1).max(22).default(1).describe("1 is the fastest; gzip and deflate end at 9."),
    })
    .prefault({})
    .describe("How hard it is tried."),
  tls: clientTlsConfig().prefault({}).describe("How `https` is secured; the scheme decides whether it is."),
  max_conns_per_host: z.int().min(1).max(1000).default(20).describe("How many connections are open at the most."),
  idle_conn_timeout: duration(90_000).describe("A connection that was not used for so long is closed."),
  ...sendFields(30_000),
});

export type Config = z.output<typeof config>;
