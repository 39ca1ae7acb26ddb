import type { Deps, Exporter } from "../../component/component.ts";
import { type ConfigProblem, defineExporter } from "../../component/define.ts";
import type { HttpAnswer, HttpClient } from "../../component/transport.ts";
import { checkClientTls } from "../../kit/client/client-tls.ts";
import { compressor } from "../../kit/client/compression.ts";
import { configuredHttpClient, sendsTo } from "../../kit/client/http-client-config.ts";
import { isRetryableHttpStatus, partialSuccess, partialSuccessOfJson } from "../../kit/otlp/export-answer.ts";
import { checkSendFields } from "../../kit/send/config.ts";
import { sendFeeds } from "../../kit/send/dead-letter-exporter.ts";
import { errorOfAnswer, errorOfPage, isSuccess } from "../../kit/send/http-error.ts";
import { discreet, secretHeaders } from "../../kit/send/secret-headers.ts";
import { sendChain } from "../../kit/send/send-chain.ts";
import { SendError } from "../../kit/send/send-error.ts";
import type { PartialSuccess, Sender } from "../../kit/send/sender.ts";
import { SEND_TELEMETRY } from "../../kit/send/telemetry.ts";
import { type BatchCodec, batchCodecs } from "../../model/otlp/batch-codecs.ts";
import { batchJson } from "../../model/otlp/json-writer.ts";
import type { Batches, Signal } from "../../model/signal.ts";
import { type Config, config } from "./config.ts";

const CONTENT_TYPES: Readonly<Record<Config["encoding"], string>> = {
  proto: "application/x-protobuf",
  json: "application/json",
};

export const otlpHttpExporter = defineExporter({
  type: "otlp_http",
  aliases: ["otlphttp"],
  summary: "Sends everything as OTLP over HTTP.",
  signals: { metrics: "stable", traces: "stable", logs: "stable" },
  queued: true,
  config,
  telemetry: SEND_TELEMETRY,
  feeds: sendFeeds,
  check: (config) => [...checkEndpoints(config), ...checkSendFields(config), ...checkClientTls(config.tls, ["tls"])],
  resources: (config) => endpoints(config).map(([path, url]) => sendsTo(url, path)),

  create(config, deps, next): Exporter {
    const codecs = batchCodecs(deps.series);
    const client = configuredHttpClient(config, deps.transport);
    const sender = <S extends Signal>(signal: S, codec: BatchCodec<S>) => senderOf(signal, codec, config, deps, client);
    return sendChain({
      config,
      deps,
      next,
      codecs,
      senders: {
        metrics: sender("metrics", codecs.metrics),
        traces: sender("traces", codecs.traces),
        logs: sender("logs", codecs.logs),
      },
      transport: {
        async stop() {
          client.close();
          codecs.dispose();
        },
      },
    });
  },
});

function senderOf<S extends Signal>(
  signal: S,
  codec: BatchCodec<S>,
  config: Config,
  deps: Deps,
  client: HttpClient,
): Sender<S> {
  const url = urlOf(config, signal);
  const { encoding } = config;
  const secrets = secretHeaders(config, deps);
  const compress = compressor(config.compression, config.compression_params.level);
  const headers = {
    "content-type": CONTENT_TYPES[encoding],
    ...(config.compression !== "none" && { "content-encoding": config.compression }),
  };

  async function post(url: URL, batch: Batches[S], secret: Readonly<Record<string, string>>, abort: AbortSignal) {
    const bytes = encoding === "json" ? Buffer.from(JSON.stringify(batchJson(signal, batch))) : codec.encode(batch);
    const body = await compress(bytes);
    if (body !== bytes) codec.recycle?.(bytes);
    const answer = await client.request({ method: "POST", url, headers: { ...secret, ...headers }, body }, abort);
    if (!isSuccess(answer)) throw errorOfAnswer(answer, isRetryableHttpStatus, deps.clock.now());
    const page = errorOfPage(answer);
    if (page !== undefined) throw page;
    return partialSuccessOf(answer, CONTENT_TYPES[encoding]);
  }

  return {
    async send(batch, abort) {
      if (url === undefined) throw new SendError("permanent", "no_endpoint", `no endpoint is configured for ${signal}`);
      const secret = await secrets();
      return discreet(post(url, batch, secret, abort), secret);
    },
  };
}

/** Only in OTLP's own encodings something is said of a part; in others some backends say that all is well. */
function partialSuccessOf({ headers, body }: HttpAnswer, asked: string): PartialSuccess | undefined {
  if (body.length === 0) return undefined;
  const spoken = headers["content-type"] ?? asked;
  if (spoken.startsWith(CONTENT_TYPES.json)) return partialSuccessOfJson(Buffer.from(body).toString());
  return spoken.startsWith(CONTENT_TYPES.proto) ? partialSuccess(body) : undefined;
}

function urlOf(config: Config, signal: Signal): URL | undefined {
  const own = config[`${signal}_endpoint`];
  if (own !== undefined || config.endpoint === undefined) return own;
  return new URL(`${config.endpoint.href.replace(/\/+$/, "")}/v1/${signal}`);
}

function endpoints(config: Config): [readonly string[], URL][] {
  const names = ["endpoint", "metrics_endpoint", "traces_endpoint", "logs_endpoint"] as const;
  return names.flatMap((name) => (config[name] === undefined ? [] : [[[name], config[name]] as [string[], URL]]));
}

function checkEndpoints(config: Config): ConfigProblem[] {
  if (endpoints(config).length > 0) return [];
  const message = "at least one endpoint must be specified";
  return [
    { severity: "error", code: "missing_option", path: ["endpoint"], message, expected: "http://127.0.0.1:4318" },
  ];
}
