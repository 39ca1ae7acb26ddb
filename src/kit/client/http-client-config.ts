import * as z from "zod";
import type { OwnedResource } from "../../component/define.ts";
import type { HttpClient, Transport } from "../../component/transport.ts";
import { clientAuthConfig } from "../auth/client-auth.ts";
import { duration, secret } from "../fields.ts";
import { clientTls, clientTlsConfig } from "./client-tls.ts";

/** Answers to what is sent are short; an error's text may be longer. */
const ANSWER_BYTES_MAX = 64 * 1024;

/** The fields of everything that sends over HTTP, under the Collector's names (its confighttp). */
export function httpClientFields() {
  return {
    headers: z.record(z.string().min(1), secret()).prefault({}).describe("Headers of every request."),
    auth: clientAuthConfig(),
    tls: clientTlsConfig().prefault({}).describe("How `https` is secured; the scheme decides whether it is."),
    max_conns_per_host: z.int().min(1).max(1000).default(20).describe("How many connections are open at the most."),
    idle_conn_timeout: duration(90_000).describe("A connection that was not used for so long is closed."),
  };
}

/** Of what compresses its requests; how, each says for itself. */
export function compressionParams() {
  return z
    .strictObject({ level: z.int().min(1).max(22).default(1).describe("1 is the fastest; gzip and deflate end at 9.") })
    .prefault({})
    .describe("How hard it is tried.");
}

type HttpClientConfig = z.output<z.ZodObject<ReturnType<typeof httpClientFields>>>;

export function configuredHttpClient(config: HttpClientConfig, transport: Transport): HttpClient {
  const tls = clientTls(config.tls);
  return transport.http({
    ...(tls !== undefined && { tls }),
    connectionsMax: config.max_conns_per_host,
    idleTimeoutMs: config.idle_conn_timeout,
    answerBytesMax: ANSWER_BYTES_MAX,
  });
}

/** Where something is sent, so that an agent that would send to itself is told so. */
export function sendsTo({ hostname, port, protocol }: URL, path: readonly string[]): OwnedResource {
  return { type: "send", host: hostname, port: Number(port) || (protocol === "https:" ? 443 : 80), path };
}
