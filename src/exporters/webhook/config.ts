import * as z from "zod";
import { compressionParams, httpClientFields } from "../../kit/client/http-client-config.ts";
import { httpUrl, secret } from "../../kit/fields.ts";
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
  compression: z.enum(["none", "gzip", "zstd", "deflate"]).default("none").describe("How requests are compressed."),
  compression_params: compressionParams(),
  ...httpClientFields(),
  ...sendFields(30_000),
});

export type Config = z.output<typeof config>;
