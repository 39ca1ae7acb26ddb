import { expect, test } from "vitest";
import { otlpReceiver } from "./index.ts";

const problems = (config: object) => otlpReceiver.check?.(otlpReceiver.config.parse(config)) ?? [];
const found = (config: object) => problems(config).map(({ code, path }) => `${code} ${path.join(".")}`);

test("at least one protocol is wanted; an empty section has its defaults", () => {
  expect(found({})).toEqual(["missing_option protocols"]);
  expect(found({ protocols: { grpc: null } })).toEqual([]);
  const config = otlpReceiver.config.parse({ protocols: { grpc: null, http: null } });
  expect(otlpReceiver.resources?.(config)).toEqual([
    { type: "listen", host: "127.0.0.1", port: 4317, protected: false, path: ["protocols", "grpc", "endpoint"] },
    { type: "listen", host: "127.0.0.1", port: 4318, protected: false, path: ["protocols", "http", "endpoint"] },
  ]);
});

test("what has no effect here is said, and what is wrong too", () => {
  const keepalive = { server_parameters: { time: "1m", max_connection_age: "1h" }, enforcement_policy: {} };
  const http = { tls: {}, traces_url_path: "/v1/metrics", keep_alives_enabled: true };
  expect(found({ protocols: { grpc: { keepalive, max_concurrent_streams: 16 }, http } })).toEqual([
    "missing_option protocols.http.tls",
    "missing_option protocols.http.tls",
    "exclusive_options protocols.http.traces_url_path",
    "no_effect protocols.grpc.keepalive.server_parameters.max_connection_age",
    "no_effect protocols.grpc.keepalive.enforcement_policy",
    "no_effect protocols.grpc.max_concurrent_streams",
    "no_effect protocols.http.keep_alives_enabled",
  ]);
});

test("it tells programs where to send", () => {
  const hint = (protocols: object) => otlpReceiver.hint?.(otlpReceiver.config.parse({ protocols }));
  expect(hint({ grpc: null, http: null })).toBe(
    "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318\nOTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
  );
  expect(hint({ grpc: { endpoint: "0.0.0.0:5" } })).toBe(
    "OTEL_EXPORTER_OTLP_ENDPOINT=http://THIS-HOST:5\nOTEL_EXPORTER_OTLP_PROTOCOL=grpc",
  );
});
