import * as z from "zod";
import { compressionParams, httpClientFields } from "../../kit/client/http-client-config.ts";
import { httpUrl } from "../../kit/fields.ts";
import { sendFields } from "../../kit/send/config.ts";

export const config = z.strictObject({
  endpoint: httpUrl().optional().describe("The server's base address; `/v1/metrics` and its like are put behind it."),
  metrics_endpoint: httpUrl().optional().describe("Where metrics go, taken as it is."),
  traces_endpoint: httpUrl().optional().describe("Where traces go, taken as it is."),
  logs_endpoint: httpUrl().optional().describe("Where logs go, taken as it is."),
  encoding: z.enum(["proto", "json"]).default("proto").describe("How requests are written."),
  compression: z.enum(["gzip", "zstd", "deflate", "none"]).default("gzip").describe("How requests are compressed."),
  compression_params: compressionParams(),
  ...httpClientFields(),
  ...sendFields(30_000),
});

export type Config = z.output<typeof config>;
