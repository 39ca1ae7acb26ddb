import type { Deps, Exporter } from "../../component/component.ts";
import { type ConfigProblem, defineExporter } from "../../component/define.ts";
import type { HttpClient } from "../../component/transport.ts";
import { checkClientTls } from "../../kit/client/client-tls.ts";
import { compressor } from "../../kit/client/compression.ts";
import { configuredHttpClient, sendsTo } from "../../kit/client/http-client-config.ts";
import { isRetryableHttpStatus } from "../../kit/otlp/export-answer.ts";
import { checkSendFields } from "../../kit/send/config.ts";
import { sendFeeds } from "../../kit/send/dead-letter-exporter.ts";
import { errorOfAnswer, isSuccess } from "../../kit/send/http-error.ts";
import { discreet, secretHeaders } from "../../kit/send/secret-headers.ts";
import { sendChain } from "../../kit/send/send-chain.ts";
import type { Sender } from "../../kit/send/sender.ts";
import { SEND_TELEMETRY } from "../../kit/send/telemetry.ts";
import { batchJson } from "../../model/otlp/json-writer.ts";
import type { Batches, Signal } from "../../model/signal.ts";
import { type Config, config } from "./config.ts";
import { plainItems } from "./plain-item.ts";
import { keyOf, signer } from "./signature.ts";

export const webhookExporter = defineExporter({
  type: "webhook",
  summary: "Posts batches or single items as JSON to any address, signed, in a shape of one's own.",
  signals: { metrics: "stable", traces: "stable", logs: "stable" },
  queued: true,
  config,
  telemetry: SEND_TELEMETRY,
  feeds: sendFeeds,
  check: (config) => [...checkOwn(config), ...checkSendFields(config), ...checkClientTls(config.tls, ["tls"])],
  resources: ({ endpoint }) => [sendsTo(endpoint, ["endpoint"])],

  create(config, deps, next): Exporter {
    const client = configuredHttpClient(config, deps.transport);
    const sender = <S extends Signal>(signal: S) => senderOf(signal, config, deps, client);
    return sendChain({
      config,
      deps,
      next,
      senders: { metrics: sender("metrics"), traces: sender("traces"), logs: sender("logs") },
      itemByItem: config.requests === "item",
      transport: {
        async stop() {
          client.close();
        },
      },
    });
  },
});

function senderOf<S extends Signal>(signal: S, config: Config, deps: Deps, client: HttpClient): Sender<S> {
  const { endpoint: url, method, compression } = config;
  const { clock } = deps;
  const sign = signer(config.secret && keyOf(config.secret));
  const secrets = secretHeaders(config, deps);
  const compress = compressor(compression, config.compression_params.level);
  const usual = { "content-type": "application/json", "user-agent": "gostcol" };
  const encoding = { ...(compression !== "none" && { "content-encoding": compression }) };

  async function post(batch: Batches[S], secret: Readonly<Record<string, string>>, abort: AbortSignal) {
    const body = Buffer.from(JSON.stringify(bodyOf(signal, batch, config)));
    const headers = { ...usual, ...secret, ...encoding, ...sign(body, clock.now()) };
    const answer = await client.request({ method, url, headers, body: await compress(body) }, abort);
    if (!isSuccess(answer)) throw errorOfAnswer(answer, isRetryableHttpStatus, clock.now());
    return undefined;
  }

  return {
    async send(batch, abort) {
      const secret = await secrets();
      return discreet(post(batch, secret, abort), secret);
    },
  };
}

/** A batch has one item where `requests` says so. */
function bodyOf<S extends Signal>(signal: S, batch: Batches[S], { requests, format, template }: Config): unknown {
  if (template !== undefined) return template(plainItems(signal, batch)[0]!);
  if (format === "otlp_json") return batchJson(signal, batch);
  const items = plainItems(signal, batch);
  return requests === "item" ? items[0] : items;
}

function checkOwn({ template, requests, secret }: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const problem = (code: string, field: string, message: string, expected: string) =>
    problems.push({ severity: "error", code, path: [field], message, expected });
  if (template !== undefined && requests !== "item") {
    problem("exclusive_options", "template", "a template is for one item", "requests: item");
  }
  if (secret !== undefined && (secret.reveal() === "" || keyOf(secret) === undefined)) {
    problem("bad_format", "secret", "not a key", "a text, or base64 behind whsec_");
  }
  return problems;
}
