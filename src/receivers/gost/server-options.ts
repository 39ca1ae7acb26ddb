import type { ServerOptions } from "../../component/server.ts";
import { serverTls } from "../../kit/tls/server-tls.ts";
import type { Config } from "./config.ts";
import { GRPC_METHODS } from "./decode.ts";

/** What to listen for: both protocols on one port, with evidence of which answers were read. */
export function serverOptions(config: Config): ServerOptions {
  return {
    host: config.endpoint.host,
    port: config.endpoint.port,
    protocols: ["http", "grpc"],
    grpcMethods: GRPC_METHODS,
    receipts: true,
    ...(config.tls === undefined ? {} : { tls: serverTls(config.tls) }),
    limits: {
      bodyBytesMax: config.max_request_body_size,
      connectionsMax: config.max_connections,
      headerTimeoutMs: config.read_header_timeout,
      bodyTimeoutMs: config.read_timeout,
      idleTimeoutMs: config.idle_timeout,
      writeTimeoutMs: config.write_timeout,
    },
  };
}
