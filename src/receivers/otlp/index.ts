import { defineReceiver } from "../../component/define.ts";
import { DENIED } from "../../kit/auth/server-guard.ts";
import { endpointText } from "../../kit/fields.ts";
import { isEveryAddress } from "../../lib/host.ts";
import { type Config, checkConfig, config, protocolsOf } from "./config.ts";
import { createOtlpReceiver } from "./receiver.ts";
import { TELEMETRY } from "./telemetry.ts";

export const otlpReceiver = defineReceiver({
  type: "otlp",
  summary: "Receives metrics, traces and logs as OTLP, over gRPC and HTTP.",
  config,
  check: checkConfig,
  signals: { metrics: "beta", traces: "beta", logs: "beta" },
  telemetry: [...Object.values(TELEMETRY), DENIED],
  resources: (config) =>
    Object.entries(protocolsOf(config)).map(
      ([
        protocol,
        {
          endpoint: { host, port },
          tls,
          auth,
        },
      ]) => ({
        type: "listen",
        host,
        port,
        protected: tls?.client_ca_file !== undefined || auth !== undefined,
        path: ["protocols", protocol, "endpoint"],
      }),
    ),
  hint: exporterVariables,
  create: createOtlpReceiver,
});

/** What makes a program with an OpenTelemetry SDK send here. */
function exporterVariables(config: Config): string {
  const { grpc, http } = protocolsOf(config);
  const section = http ?? grpc;
  if (section === undefined) return "";
  const { endpoint, tls } = section;
  const address = endpointText({ ...endpoint, host: isEveryAddress(endpoint.host) ? "THIS-HOST" : endpoint.host });
  return [
    `OTEL_EXPORTER_OTLP_ENDPOINT=${tls === undefined ? "http" : "https"}://${address}`,
    `OTEL_EXPORTER_OTLP_PROTOCOL=${http === undefined ? "grpc" : "http/protobuf"}`,
  ].join("\n");
}
