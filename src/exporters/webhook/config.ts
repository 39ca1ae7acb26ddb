import * as z from "zod";
import { clientTlsConfig } from "../../kit/client/client-tls.ts";
import { duration, extensionId, httpUrl, secret } from "../../kit/fields.ts";
import { sendFields } from "../../kit/send/config.ts";
import { templateField } from "./template.ts";

export const config = z.strictObject({
  endpoint: httpUrl().describe("Where requests go, taken as it is."),
  method: z.enum(["POST", "PUT"]).default("POST").describe("The method of the requests."),
  requests: z
    .enum(["batch", "item"])
    .default("batch")
    .describe("One request for each batch, or for each point, span and log record."),
  format: z
    .enum(["otlp_json", "plain"])
    .default("otlp_json")
    .describe("An export request in OTLP's JSON, or plain objects that need no knowledge of OTLP."),
  template: templateField()
    .optional()
    .describe("The body of a request for one item, with `{{ ... }}` where its fields go; needs `requests: item`."),
  secret: secret()
    .optional()
    .describe("Signs every request as Standard Webhooks does: a text, or `whsec_` and base64 behind it."),
  headers: z.record(z.string().min(1), secret()).prefault({}).describe("Headers of every request."),
  auth: z
    .strictObject({ authenticator: extensionId().describe("The id of an extension that authenticates clients.") })
    .optional()
    .describe("Who puts the credentials in."),
  compression: z.enum(["none", "gzip", "zstd", "deflate"]).default("none").describe("How requests are compressed."),
  compression_params: z
    .strictObject({ level: z.int().min(1).max(22).default(1).describe("1 is the fastest; gzip and deflate end at 9.") })
    .prefault({})
    .describe("How hard it is tried."),
  tls: clientTlsConfig().prefault({}).describe("How `https` is secured; the scheme decides whether it is."),
  max_conns_per_host: z.int().min(1).max(1000).default(20).describe("How many connections are open at the most."),
  idle_conn_timeout: duration(90_000).describe("A connection that was not used for so long is closed."),
  ...sendFields(30_000),
});

export type Config = z.output<typeof config>;
