import { describe, expect, onTestFinished, test } from "vitest";
import { loadConfig } from "../../src/config/load-config.ts";
import { problemText } from "../../src/config/problem-text.ts";
import { NEVER } from "../../src/lib/abort.ts";
import { registry } from "../../src/registry.ts";
import { describeAgent } from "../../src/service/describe.ts";
import { agentRig, checkedConfig } from "../support/fake-agent.ts";
import { fakeTransport } from "../support/fake-transport.ts";

const REFUSING = fakeTransport({ http: () => ({ status: 400, headers: {}, body: Buffer.from("no such tenant") }) });

/** Whatever `otlp_http` is refused goes there. */
const configuration = (deadLetter: string, more = "") => `
receivers:
  gost: { endpoint: 127.0.0.1:8000, temporality: delta }
exporters:
  otlp_http: { endpoint: "http://127.0.0.1:4318", compression: none, dead_letter: { exporter: ${deadLetter} } }
  debug/dead: { verbosity: detailed }
${more}
service:
  telemetry: { metrics: { level: none } }
  pipelines:
    metrics: { receivers: [gost], exporters: [otlp_http] }
`;

const REPORT = JSON.stringify({
  events: [
    {
      kind: "service",
      service: "web",
      type: "stats",
      stats: { totalConns: 1, currentConns: 0, inputBytes: 235, outputBytes: 632, totalErrs: 0 },
    },
  ],
});

async function started(yaml: string) {
  const rig = await agentRig(yaml, registry, { transport: REFUSING });
  onTestFinished(() => rig.agent.stop().then(() => {}));
  await rig.agent.start(NEVER);
  return rig;
}

test("what a backend refuses for good comes out of the exporter that takes the dead letters, with the reason", async () => {
  const { network, clock, printed } = await started(configuration("debug/dead"));
  const reply = await network.server(8000).connect().send({ path: "/observer?node=edge-1", body: REPORT });
  expect(reply.answer.status).toBe(200);
  await clock.advanceAsync(1000);
  const text = printed.join("");
  expect(text).toContain("gostcol.dead_letter.reason=http_400");
  expect(text).toContain('gostcol.dead_letter.message="HTTP status 400: no such tenant"');
  expect(text).toContain("gostcol.dead_letter.exporter=otlp_http");
  expect(text).toContain("network.io.direction=transmit} 632 By");
});

test("a reload that changes the exporter of the dead letters leaves the one that feeds it as it is", async () => {
  const { agent, network, clock, printed } = await started(configuration("debug/dead"));
  const next = configuration("debug/dead").replace("verbosity: detailed", "verbosity: basic");
  const changed = await agent.reload(await checkedConfig(next, registry));
  expect(changed).toMatchObject({ changed: ["exporter:debug/dead"] });
  await network.server(8000).connect().send({ path: "/observer?node=edge-1", body: REPORT });
  await clock.advanceAsync(1000);
  expect(printed.join("")).not.toContain("gostcol.dead_letter");
  expect(printed.length).toBeGreaterThan(0);
});

test("who feeds whom is told where the pipelines are", async () => {
  const { agent } = await started(configuration("debug/dead"));
  expect(describeAgent(agent)).toContain("exporter otlp_http feeds debug/dead");
});

test("an exporter that takes dead letters alone is in use", async () => {
  expect(await told(configuration("debug/dead"))).toBe("");
});

describe("a configuration is wrong where dead letters", () => {
  test.each([
    ["go nowhere", configuration("debug/deat"), /the exporter debug\/deat, which is not defined[\s\S]*"debug\/dead"/],
    [
      "go in a circle",
      configuration("file", "  file: { path: ./dead.jsonl, dead_letter: { exporter: otlp_http } }"),
      /in a circle: otlp_http -> file -> otlp_http/,
    ],
    ["go back to where they come from", configuration("otlp_http"), /in a circle: otlp_http -> otlp_http/],
    [
      "go to a file and an exporter",
      configuration("debug/dead, path: ./dead.jsonl"),
      /dead_letter\.exporter: not with path/,
    ],
    ["have no place", configuration("").replace("exporter: ", ""), /nothing says where dead letters go/],
    [
      "of logs go to who takes metrics",
      `${configuration("prometheus", "  prometheus:")}    logs: { receivers: [gost], exporters: [otlp_http] }\n`,
      /would hand logs to the exporter prometheus/,
    ],
    [
      "share a file",
      configuration("file/1", "  file/1: { path: ./a }\n  file/2: { path: ./a }").replace(
        "[otlp_http]",
        "[otlp_http, file/2]",
      ),
      /\[file_conflict\]/,
    ],
  ])("%s", async (_, yaml, message) => {
    expect(await told(yaml)).toMatch(message);
  });
});

async function told(yaml: string): Promise<string> {
  const given = { registry, configs: [{ name: "gostcol.yaml", text: yaml }], sets: [], environment: {} };
  const { problems } = await loadConfig({ ...given, readFile: () => Promise.reject(new Error("none")) }, NEVER);
  return problems.map(problemText).join("\n");
}
