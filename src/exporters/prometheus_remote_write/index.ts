import type { Deps, Exporter } from "../../component/component.ts";
import { defineExporter } from "../../component/define.ts";
import type { HttpAnswer, HttpClient } from "../../component/transport.ts";
import { checkClientTls } from "../../kit/client/client-tls.ts";
import { configuredHttpClient, sendsTo } from "../../kit/client/http-client-config.ts";
import { SeriesNaming } from "../../kit/prometheus/series-naming.ts";
import { checkSendFields } from "../../kit/send/config.ts";
import { sendFeeds } from "../../kit/send/dead-letter-exporter.ts";
import { discreet, secretHeaders } from "../../kit/send/secret-headers.ts";
import { sendChain } from "../../kit/send/send-chain.ts";
import type { PartialSuccess, Sender } from "../../kit/send/sender.ts";
import { SEND_TELEMETRY } from "../../kit/send/telemetry.ts";
import { snappyCompressed } from "../../lib/snappy.ts";
import { outcomeV1, outcomeV2 } from "./answer.ts";
import { type Config, checkResending, config, namingOptions } from "./config.ts";
import { IdleSeries, REPEATED } from "./idle-series.ts";
import { type Contents, Samples } from "./samples.ts";
import { LEFT_OUT, tellLeftOut } from "./telemetry.ts";
import type { TimeSeries } from "./time-series.ts";
import { WriteRequestV1 } from "./write-request-v1.ts";
import { writeRequestV2 } from "./write-request-v2.ts";

const BAD_REQUEST = 400;

export const prometheusRemoteWriteExporter = defineExporter({
  type: "prometheus_remote_write",
  aliases: ["prometheusremotewrite"],
  summary: "Writes metrics to Prometheus, or whatever else takes its remote write, 1.0 and 2.0.",
  signals: { metrics: "stable" },
  queued: true,
  config,
  telemetry: [...SEND_TELEMETRY, LEFT_OUT, REPEATED],
  feeds: sendFeeds,
  check: (config) => [...checkSendFields(config), ...checkClientTls(config.tls, ["tls"]), ...checkResending(config)],
  resources: ({ endpoint }) => [sendsTo(endpoint, ["endpoint"])],

  create(config, deps, next): Exporter {
    const client = configuredHttpClient(config, deps.transport);
    const samples = new Samples({
      naming: new SeriesNaming(namingOptions(config)),
      table: deps.series,
      clock: deps.clock,
      targetInfo: config.target_info.enabled,
      created: config.export_created_metric.enabled,
    });
    const writer = config.protobuf_message === "prometheus.WriteRequest" ? writerV1 : writerV2;
    const write = withSecrets(writer(poster(config, client), deps), config, deps);
    const { resend_interval: intervalMs, timeout: timeoutMs } = config;
    const idle = new IdleSeries({ samples, write, intervalMs, timeoutMs: timeoutMs || intervalMs, deps });
    return sendChain({
      config,
      deps,
      next,
      senders: { metrics: senderOf(samples, write, deps) },
      transport: {
        async start() {
          idle.start();
        },
        async stop() {
          await idle.stop();
          client.close();
          samples.dispose();
        },
      },
    });
  },
});

type Headers = Readonly<Record<string, string>>;

/** Rejects with a `SendError` where nothing was taken. */
type Write = (all: readonly TimeSeries[], signal: AbortSignal) => Promise<PartialSuccess | undefined>;

/** The same, with the headers of one request that nobody is to see. */
type WriteWith = (all: readonly TimeSeries[], secret: Headers, signal: AbortSignal) => ReturnType<Write>;

/** One request with this body. */
type Post = (body: Uint8Array, headers: Headers, signal: AbortSignal) => Promise<HttpAnswer>;

function withSecrets(write: WriteWith, config: Config, deps: Deps): Write {
  const secrets = secretHeaders(config, deps);
  return async (all, signal) => {
    const secret = await secrets();
    return discreet(write(all, secret, signal), secret);
  };
}

function senderOf(samples: Samples, write: Write, { meter, log }: Deps): Sender<"metrics"> {
  function settle({ leftOut, written }: Contents): void {
    for (const each of leftOut) tellLeftOut(each, meter, log);
    written();
  }
  return {
    async send(batch, signal) {
      const contents = samples.of(batch);
      const partial = contents.timeSeries.length === 0 ? undefined : await write(contents.timeSeries, signal);
      settle(contents);
      return partial;
    },
  };
}

function poster({ endpoint: url }: Config, client: HttpClient): Post {
  const reserved = { "content-encoding": "snappy", "user-agent": "gostcol" };
  return (body, headers, signal) =>
    client.request({ method: "POST", url, headers: { ...headers, ...reserved }, body: snappyCompressed(body) }, signal);
}

/**
 * A receiver of 1.0 takes all of a request or nothing, and what was sent twice after a kill is enough for a refusal. So
 * the newest sample of each series is sent again without those before it: then what is current is there.
 */
function writerV1(post: Post, { clock }: Deps): WriteWith {
  const request = new WriteRequestV1();
  const protocol = { "content-type": "application/x-protobuf", "x-prometheus-remote-write-version": "0.1.0" };
  return async (all, secret, signal) => {
    const headers = { ...secret, ...protocol };
    const answer = await post(request.write(all), headers, signal);
    const rest = sampleCount(all) - all.length;
    if (answer.status !== BAD_REQUEST || rest === 0) return outcomeV1(answer, clock.now());
    const newest = all.map((each) => ({ ...each, samples: each.samples.slice(-1) }));
    outcomeV1(await post(request.write(newest), headers, signal), clock.now());
    return { rejected: rest, message: "the receiver refused the request, and took the newest sample of each series" };
  };
}

function writerV2(post: Post, { clock }: Deps): WriteWith {
  const protocol = {
    "content-type": "application/x-protobuf;proto=io.prometheus.write.v2.Request",
    "x-prometheus-remote-write-version": "2.0.0",
  };
  return async (all, secret, signal) => {
    const answer = await post(writeRequestV2(all), { ...secret, ...protocol }, signal);
    return outcomeV2(answer, sampleCount(all), clock.now());
  };
}

function sampleCount(all: readonly TimeSeries[]): number {
  let count = 0;
  for (const { samples } of all) count += samples.length;
  return count;
}
