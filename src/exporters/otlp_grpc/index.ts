import type { Deps, Exporter } from "../../component/component.ts";
import { defineExporter } from "../../component/define.ts";
import { type GrpcClient, GrpcError } from "../../component/transport.ts";
import { checkClientTls, clientTls } from "../../kit/client/client-tls.ts";
import { errorOfStatus, partialSuccess } from "../../kit/otlp/export-answer.ts";
import { EXPORT_METHODS } from "../../kit/otlp/methods.ts";
import { checkSendFields } from "../../kit/send/config.ts";
import { sendFeeds } from "../../kit/send/dead-letter-exporter.ts";
import { discreet, secretHeaders } from "../../kit/send/secret-headers.ts";
import { sendChain } from "../../kit/send/send-chain.ts";
import type { Sender } from "../../kit/send/sender.ts";
import { SEND_TELEMETRY } from "../../kit/send/telemetry.ts";
import { type BatchCodec, batchCodecs } from "../../model/otlp/batch-codecs.ts";
import type { Batches, Signal } from "../../model/signal.ts";
import { type Config, config } from "./config.ts";

const ANSWER_BYTES_MAX = 64 * 1024;

export const otlpGrpcExporter = defineExporter({
  type: "otlp_grpc",
  aliases: ["otlp"],
  summary: "Sends everything as OTLP over gRPC.",
  signals: { metrics: "stable", traces: "stable", logs: "stable" },
  queued: true,
  config,
  telemetry: SEND_TELEMETRY,
  feeds: sendFeeds,
  check: (config) => [...checkSendFields(config), ...checkClientTls(config.tls, ["tls"])],
  resources: ({ endpoint: { host, port } }) => [{ type: "send", host, port, path: ["endpoint"] }],

  create(config, deps, next): Exporter {
    const codecs = batchCodecs(deps.series);
    const client = clientOf(config, deps);
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

function clientOf({ endpoint, tls, ...config }: Config, { transport }: Deps): GrpcClient {
  const { host, port, scheme } = endpoint;
  const secured = scheme === "http" ? undefined : clientTls(scheme === "https" ? { ...tls, insecure: false } : tls);
  return transport.grpc({
    host,
    port,
    ...(secured !== undefined && { tls: secured }),
    ...(config.authority !== undefined && { authority: config.authority }),
    compression: config.compression,
    compressionLevel: config.compression_params.level,
    keepaliveMs: config.keepalive.time,
    keepaliveTimeoutMs: config.keepalive.timeout,
    answerBytesMax: ANSWER_BYTES_MAX,
  });
}

function senderOf<S extends Signal>(
  signal: S,
  codec: BatchCodec<S>,
  config: Config,
  deps: Deps,
  client: GrpcClient,
): Sender<S> {
  const secrets = secretHeaders(config, deps);

  async function call(batch: Batches[S], metadata: Readonly<Record<string, string>>, abort: AbortSignal) {
    try {
      const request = codec.encode(batch);
      const answer = await client.call(EXPORT_METHODS[signal], request, metadata, abort);
      codec.recycle?.(request); // There is an answer, so all of it was sent.
      return partialSuccess(answer);
    } catch (thrown) {
      throw thrown instanceof GrpcError ? errorOfStatus(thrown.status, thrown.message, thrown.details) : thrown;
    }
  }

  return {
    async send(batch, abort) {
      const metadata = await secrets();
      return discreet(call(batch, metadata, abort), metadata);
    },
  };
}
