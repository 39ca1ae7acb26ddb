import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { startReceiver } from "../../../test/support/gost-rig.ts";
import { gostReceiver } from "./index.ts";

const parsed = (input: object) => gostReceiver.config.parse(input);
const codes = (input: object) => gostReceiver.check!(parsed(input)).map(({ code, path }) => [code, path.join(".")]);

describe("the configuration of the gost receiver", () => {
  test("needs nothing", () => {
    expect(parsed({})).toMatchObject({
      endpoint: { host: "127.0.0.1", port: 8000 },
      auth: { tokens: [] },
      node: { from: ["token", "query", "path", "peer"] },
      resource: {},
      temporality: "auto",
      max_request_body_size: 20 * 1024 * 1024,
      idle_timeout: 900_000,
      limits: { series: 1_000_000, series_per_node: 100_000 },
    });
    expect(codes({})).toEqual([]);
  });

  test("says what is wrong between fields", () => {
    const tokens = [{ token: "a" }, { token: "" }, { token: "a" }];
    expect(codes({ auth: { tokens }, tls: {}, resource: { "service.instance.id": "x" } })).toEqual([
      ["missing_option", "tls"],
      ["missing_option", "tls"],
      ["empty_token", "auth.tokens.1.token"],
      ["duplicate_token", "auth.tokens.2.token"],
      ["reserved_attribute", "resource.service.instance.id"],
    ]);
  });

  test("refuses a node's name that no URL could carry", () => {
    const result = gostReceiver.config.safeParse({ auth: { tokens: [{ token: "a", node: " edge\n" }] } });
    expect(result.error?.issues).toMatchObject([{ params: { code: "bad_node_name" } }]);
  });

  test.each([
    [{}, false],
    [{ tls: { cert_file: "a", key_file: "b" } }, false],
    [{ tls: { cert_file: "a", key_file: "b", client_ca_file: "c" } }, true],
    [{ auth: { tokens: [{ token: "a" }] } }, true],
  ])("keeps strangers out with tokens or client certificates: %j", (input, expected) => {
    expect(gostReceiver.resources!(parsed({ endpoint: ":8001", ...input }))).toEqual([
      { type: "listen", host: "", port: 8001, protected: expected, path: ["endpoint"] },
    ]);
  });

  test("becomes what is listened for", async () => {
    const agent = await startReceiver({
      endpoint: "[::1]:8001",
      max_connections: 7,
      tls: { cert_file: "a", key_file: "b" },
    });
    expect(agent.network.server().options).toMatchObject({
      host: "::1",
      port: 8001,
      protocols: ["http", "grpc"],
      receipts: true,
      tls: { certFile: "a", keyFile: "b" },
      limits: { bodyBytesMax: 20 * 1024 * 1024, connectionsMax: 7, idleTimeoutMs: 900_000 },
    });
  });

  test.each([
    [{}, "http://127.0.0.1:8000/observer?temporality=delta", true],
    [{ temporality: "cumulative" }, "http://127.0.0.1:8000/observer?temporality=cumulative", undefined],
    [
      { endpoint: ":8001", tls: { cert_file: "a", key_file: "b" } },
      "https://THIS-HOST:8001/observer?temporality=delta",
      true,
    ],
  ])("gives lines for gost.yml that tell the mode: %j", (input, address, resets) => {
    const lines = parse(gostReceiver.hint!(parsed(input))) as {
      observers: { plugin: { addr: string; timeout: string } }[];
      services: { metadata: object; handler: { metadata: object } }[];
    };
    expect(lines.observers[0]!.plugin).toMatchObject({ addr: address, timeout: "5s" });
    expect(lines.services[0]!.metadata).toMatchObject({ enableStats: true });
    for (const { metadata } of [lines.services[0]!, lines.services[0]!.handler]) {
      expect((metadata as Record<string, unknown>)["observer.resetTraffic"]).toBe(resets);
    }
  });
});
