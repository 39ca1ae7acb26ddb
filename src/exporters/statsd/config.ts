import * as z from "zod";
import { attributeMap, byteSize, statsdEndpoint } from "../../kit/fields.ts";
import { sendFields } from "../../kit/send/config.ts";

export const config = z.strictObject({
  endpoint: statsdEndpoint("udp://127.0.0.1:8125").describe(
    "`udp://host:port`, `tcp://host:port` or `unix:///path` (a stream); `host:port` alone is UDP.",
  ),
  format: z
    .enum(["statsd", "dogstatsd", "graphite_tags", "influx"])
    .default("dogstatsd")
    .describe("How attributes are written: as parts of the name (`statsd`), or as the tags of each dialect."),
  prefix: z.string().max(100).default("").describe("Stands in front of every name, with a dot behind it."),
  tags: attributeMap().describe("Tags of every line; with `statsd` their values stand in front of the name's own."),
  resource_attributes: z
    .array(z.string().min(1))
    .default(["service.instance.id"])
    .describe("Attributes of the resource that every line has: without the node two nodes would be one."),
  histograms: z
    .enum(["counters", "timing", "histogram", "distribution", "none"])
    .default("counters")
    .describe("As counters of each bucket, or as values at the buckets' bounds of this type, with a sample rate."),
  sample_rate: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe("The share of counters' lines that is sent; below 1 the sums are right on average only."),
  max_metrics_per_second: z.int().min(0).default(0).describe("The most lines that are sent in a second; 0: no limit."),
  max_packet_size: byteSize(undefined, { min: 64, max: 65_000 })
    .optional()
    .describe(
      "The most that one packet holds; by default 1432 over a network, 8192 on the machine itself and over streams.",
    ),
  ...sendFields(5000),
});

export type Config = z.output<typeof config>;
