import type { ServerLimits, ServerOptions } from "../../component/server.ts";
import { EXPORT_METHODS } from "../../kit/otlp/methods.ts";
import { serverTls } from "../../kit/tls/server-tls.ts";
import type { GrpcConfig, HttpConfig } from "./config.ts";

export function grpcOptions(config: GrpcConfig): ServerOptions {
  const bodyBytesMax = config.max_recv_msg_size_mib * 1024 ** 2;
  const idleTimeoutMs = config.keepalive.server_parameters.time;
  return {
    // Nothing is written over HTTP here.
    ...optionsOf(config, { bodyBytesMax, idleTimeoutMs, writeTimeoutMs: idleTimeoutMs }),
    protocols: ["grpc"],
    grpcMethods: Object.values(EXPORT_METHODS),
  };
}

export function httpOptions(config: HttpConfig): ServerOptions {
  const { max_request_body_size, idle_timeout, write_timeout } = config;
  const limits = {
    bodyBytesMax: max_request_body_size,
    idleTimeoutMs: idle_timeout,
    writeTimeoutMs: write_timeout,
  };
  return { ...optionsOf(config, limits), protocols: ["http"] };
}

function optionsOf(
  config: GrpcConfig | HttpConfig,
  limits: Pick<ServerLimits, "bodyBytesMax" | "idleTimeoutMs" | "writeTimeoutMs">,
): Omit<ServerOptions, "protocols"> {
  return {
    host: config.endpoint.host,
    port: config.endpoint.port,
    receipts: false,
    ...(config.tls && { tls: serverTls(config.tls) }),
    limits: {
      ...limits,
      connectionsMax: config.max_connections,
      headerTimeoutMs: config.read_header_timeout,
      bodyTimeoutMs: config.read_timeout,
    },
  };
}
