import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { AnyDefinition } from "../../src/component/define.ts";
import { allDefinitions } from "../../src/component/registry.ts";
import { registry } from "../../src/registry.ts";
import { fakeTransport } from "../support/fake-transport.ts";
import type { Mood } from "./backend.ts";
import { type OwnBackend, type SendingCase, sendingSuite } from "./sending-suite.ts";
import { type ContractCase, contractSuite } from "./suite.ts";

const folder = mkdtempSync(join(tmpdir(), "gostcol-contract-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a component needs to be put through the contract, where an empty section is not enough. By kind and type. */
const CASES: Readonly<Record<string, ContractCase & SendingCase>> = {
  "exporter:otlp_grpc": { config: { endpoint: "127.0.0.1:4317" } },
  "exporter:statsd": {},
  "exporter:otlp_http": { config: { endpoint: "http://127.0.0.1:4318" } },
  "exporter:file": { config: { path: join(folder, "out.jsonl") }, backend: diskBackend },
  "exporter:prometheus_remote_write": { config: { endpoint: "http://127.0.0.1:9090/api/v1/write" } },
  "exporter:webhook": { config: { endpoint: "http://127.0.0.1:9099/hook", requests: "item" } },
  "connector:routing": { config: { table: [{ condition: "false", pipelines: ["metrics/none"] }] } },
  "extension:basic_auth": { config: { client_auth: { username: "gost", password: "secret" } } },
  "extension:bearer_token_auth": { config: { token: "secret" } },
  "extension:file_storage": { config: { directory: join(folder, "store"), create_directory: true } },
  "receiver:otlp": {
    config: { protocols: { grpc: null, http: null } },
    async send({ network }) {
      const body = JSON.stringify({
        resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: "m", gauge: { dataPoints: [{ asInt: "1" }] } }] }] }],
      });
      const headers = { "content-type": "application/json" };
      const reply = await network.server(4318).connect().send({ path: "/v1/metrics", headers, body });
      return reply.answer.status === 200;
    },
  },
  "processor:attributes": { config: { actions: [{ action: "upsert", key: "index", value: "a value" }] } },
  "processor:memory_limiter": { config: { limit_mib: 400 } },
  "processor:resource": { config: { attributes: [{ action: "upsert", key: "host.name", value: "a host" }] } },
  "receiver:gost": {
    async send({ network }) {
      const body = JSON.stringify({
        events: [
          {
            kind: "service",
            service: "web",
            type: "stats",
            stats: { totalConns: 1, currentConns: 0, inputBytes: 235, outputBytes: 632, totalErrs: 0 },
          },
        ],
      });
      const reply = await network.server().connect().send({ path: "/observer?node=edge-1", body });
      return reply.answer.status === 200;
    },
  },
};

test.each(Object.values(registry).flat())("$type is in the registry as its definition says", async (entry) => {
  if (!("load" in entry)) return;
  const { type, aliases, load } = entry;
  const definitions = Object.values<AnyDefinition>(await load());
  expect(definitions.map(({ type, aliases }) => ({ type, aliases }))).toEqual([{ type, aliases }]);
});

/** A file that is on a full disk while it is away. */
function diskBackend(): OwnBackend {
  const path = join(mkdtempSync(join(folder, "disk-")), "out");
  let mood: Mood = "well";
  return {
    config: { path },
    moods: ["well", "away"],
    transport: fakeTransport(),
    get mood() {
      return mood;
    },
    set mood(next) {
      mood = next;
      rmSync(path, { force: true });
      if (mood === "away") symlinkSync("/dev/full", path);
    },
  };
}

for (const definition of await allDefinitions(registry)) {
  const its = CASES[`${definition.kind}:${definition.type}`];
  contractSuite(definition, its);
  if (definition.kind === "exporter" && definition.queued === true) sendingSuite(definition, its);
}
