import * as z from "zod";
import type { ConfigProblem } from "../../component/define.ts";
import { serverAuthConfig } from "../../kit/auth/server-guard.ts";
import { byteSize, duration, endpoint } from "../../kit/fields.ts";
import { COMPRESSIONS } from "../../kit/server/decompress.ts";
import { checkServerTls, serverTlsConfig } from "../../kit/tls/server-tls.ts";

const noEffect = z.unknown().optional().describe("Taken for the Collector's sake; has no effect here.");

/** What both protocols have besides their endpoint. */
const common = {
  tls: serverTlsConfig().optional().describe("TLS; without it, plain text."),
  auth: serverAuthConfig(),
  max_connections: z.int().min(1).default(10_000).describe("Connections that may be open at a time."),
  read_header_timeout: duration(10_000, { minMs: 100 }).describe(
    "From a request's first byte to the end of its headers.",
  ),
  read_timeout: duration(60_000, { minMs: 100 }).describe(
    "From the end of a request's headers to the end of its body.",
  ),
  include_metadata: noEffect,
};

export const grpcConfig = z.strictObject({
  endpoint: endpoint("127.0.0.1:4317").describe("Where it listens."),
  transport: z.literal("tcp").default("tcp").describe("The kind of the endpoint; unix sockets are not offered."),
  ...common,
  max_recv_msg_size_mib: z.int().min(1).max(1024).default(4).describe("The largest message, decompressed, in MiB."),
  keepalive: z
    .strictObject({
      server_parameters: z
        .strictObject({
          time: duration(15 * 60_000, { minMs: 1000 }).describe(
            "A client that is silent for so long is asked whether it is alive.",
          ),
          timeout: noEffect,
          max_connection_idle: noEffect,
          max_connection_age: noEffect,
          max_connection_age_grace: noEffect,
        })
        .prefault({})
        .describe("How connections are kept."),
      enforcement_policy: noEffect,
    })
    .prefault({})
    .describe("How connections are kept."),
  max_concurrent_streams: noEffect,
  read_buffer_size: noEffect,
  write_buffer_size: noEffect,
});

const urlPath = (defaultPath: string) =>
  z
    .string()
    .regex(/^\/[^?#\s]*$/)
    .default(defaultPath);

export const httpConfig = z.strictObject({
  endpoint: endpoint("127.0.0.1:4318").describe("Where it listens."),
  ...common,
  metrics_url_path: urlPath("/v1/metrics").describe("Where metrics are sent to."),
  traces_url_path: urlPath("/v1/traces").describe("Where traces are sent to."),
  logs_url_path: urlPath("/v1/logs").describe("Where logs are sent to."),
  max_request_body_size: byteSize(20 * 1024 ** 2, { min: 1024, max: 1024 ** 3 }).describe(
    "The largest body that is read, before and after it is decompressed.",
  ),
  compression_algorithms: z
    .array(z.enum(["", "zlib", ...COMPRESSIONS]))
    .default(["", "zlib", ...COMPRESSIONS])
    .describe("The compressions that are taken; the empty one is none. `zlib` is another name of `deflate`."),
  cors: z
    .strictObject({
      allowed_origins: z
        .array(z.string().min(1))
        .default([])
        .describe("The pages that may send, such as `https://app.example`; each may have one `*`."),
      allowed_headers: z.array(z.string().min(1)).default([]).describe("Headers that they may send besides the usual."),
      exposed_headers: z.array(z.string().min(1)).default([]).describe("Headers that they may see in answers."),
      max_age: z
        .int()
        .min(0)
        .default(0)
        .describe("For how many seconds browsers may remember this; 0 their own choice."),
    })
    .nullable()
    .optional()
    .describe("What browsers are let send; without it nothing."),
  response_headers: z.record(z.string().min(1), z.string()).prefault({}).describe("Headers of every answer."),
  idle_timeout: duration(15 * 60_000, { minMs: 1000 }).describe("How long a connection is kept without a request."),
  write_timeout: duration(30_000, { minMs: 100 }).describe("How long answers wait for whoever does not read them."),
  keep_alives_enabled: noEffect,
});

export const config = z.strictObject({
  protocols: z
    .strictObject({
      grpc: grpcConfig.nullable().optional().describe("OTLP over gRPC; an empty section will do."),
      http: httpConfig.nullable().optional().describe("OTLP over HTTP, in protobuf or JSON; an empty section will do."),
    })
    .prefault({})
    .describe("What is listened for; at least one."),
  limits: z
    .strictObject({
      series: z.int().min(100).default(1_000_000).describe("Series that all senders together may bring into being."),
      items_per_request: z
        .int()
        .min(1)
        .default(500_000)
        .describe("Points, spans, log records, and events, links and exemplars in them, that one request may hold."),
    })
    .prefault({})
    .describe("How much may come."),
});

export type Config = z.output<typeof config>;
export type GrpcConfig = z.output<typeof grpcConfig>;
export type HttpConfig = z.output<typeof httpConfig>;

/** The protocols that are wanted; a section that is there and empty has its defaults. */
export function protocolsOf({ protocols }: Config): { readonly grpc?: GrpcConfig; readonly http?: HttpConfig } {
  const { grpc, http } = protocols;
  return {
    ...(grpc !== undefined && { grpc: grpc ?? grpcConfig.parse({}) }),
    ...(http !== undefined && { http: http ?? httpConfig.parse({}) }),
  };
}

/** What fields cannot say alone. */
export function checkConfig(config: Config): readonly ConfigProblem[] {
  const { grpc, http } = protocolsOf(config);
  if (grpc === undefined && http === undefined) {
    const message = "there is no protocol to listen for";
    const expected = "protocols.grpc, protocols.http, or both";
    return [{ severity: "error", path: ["protocols"], code: "missing_option", message, expected }];
  }
  return [
    ...(grpc?.tls ? checkServerTls(grpc.tls, ["protocols", "grpc", "tls"]) : []),
    ...(http?.tls ? checkServerTls(http.tls, ["protocols", "http", "tls"]) : []),
    ...checkPaths(http),
    ...ineffective(config),
  ];
}

function checkPaths(http: HttpConfig | undefined): readonly ConfigProblem[] {
  if (http === undefined) return [];
  const names = ["metrics_url_path", "traces_url_path", "logs_url_path"] as const;
  return names.flatMap((name, index) => {
    const first = names.slice(0, index).find((other) => http[other] === http[name]);
    if (first === undefined) return [];
    const path = ["protocols", "http", name];
    const message = `${first} is the same path`;
    return [{ severity: "error", path, code: "exclusive_options", message, expected: "a path for each signal" }];
  });
}

const INEFFECTIVE = [
  "grpc.include_metadata",
  "grpc.keepalive.server_parameters.timeout",
  "grpc.keepalive.server_parameters.max_connection_idle",
  "grpc.keepalive.server_parameters.max_connection_age",
  "grpc.keepalive.server_parameters.max_connection_age_grace",
  "grpc.keepalive.enforcement_policy",
  "grpc.max_concurrent_streams",
  "grpc.read_buffer_size",
  "grpc.write_buffer_size",
  "http.include_metadata",
  "http.keep_alives_enabled",
].map((path) => path.split("."));

/** A file that a Collector runs too may say more than there is here; nobody shall count on it. */
function ineffective({ protocols }: Config): readonly ConfigProblem[] {
  return INEFFECTIVE.filter((path) => valueAt(protocols, path) !== undefined).map((path) => {
    const message = `${path.at(-1)} has no effect in gostcol`;
    return { severity: "warning", path: ["protocols", ...path], code: "no_effect", message };
  });
}

function valueAt(of: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => (value as Record<string, unknown> | null | undefined)?.[name], of);
}
