import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { allPoints, ConfigError, createAgent, defineExporter, registry, z } from "./index.ts";
import { createFakeNetwork } from "./kit/server/fake-server.ts";
import { NEVER } from "./lib/abort.ts";

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

const YAML = `
receivers: { gost: }
exporters: { mine: { greeting: "\${env:GREETING}" } }
service:
  telemetry: { metrics: { level: none } }
  pipelines:
    metrics: { receivers: [gost], exporters: [mine] }
`;

function withMine() {
  const seen: string[] = [];
  const mine = defineExporter({
    type: "mine",
    summary: "Somebody else's exporter.",
    config: z.strictObject({ greeting: z.string() }),
    signals: { metrics: "alpha" },
    create: ({ greeting }) => ({
      metrics: {
        consume(batch, delivery) {
          delivery.onCommitted(() => seen.push(`${greeting} ${allPoints(batch)[0]!.series.metric.name}`));
        },
      },
    }),
  });
  return { seen, registry: { ...registry, exporters: [...registry.exporters, mine] } };
}

test("an agent as a library takes other people's components beside its own", async () => {
  const { seen, registry } = withMine();
  const network = createFakeNetwork();
  const options = { registry, variables: { GREETING: "hello" }, environment: { listen: network.listen } };
  const agent = await createAgent({ config: { text: YAML }, ...options }, NEVER);
  await agent.start(NEVER);
  const reply = await network.server().connect().send({ path: "/observer", body: REPORT });
  expect(reply.text).toBe('{"ok":true}');
  expect(seen[0]).toMatch(/^hello gost\./);
  const { errors } = await agent.stop();
  expect(errors).toEqual([]);
});

test("an agent's configuration can be a file, and its errors are an error with all of them", async () => {
  const folder = await mkdtemp(join(tmpdir(), "gostcol-index-"));
  try {
    const file = join(folder, "gostcol.yaml");
    await writeFile(file, YAML);
    const failed = await createAgent({ config: { file } }, NEVER).then(
      () => expect.unreachable(),
      (thrown: unknown) => thrown,
    );
    expect(failed).toBeInstanceOf(ConfigError);
    const { problems, message } = failed as ConfigError;
    expect(problems.some(({ code }) => code === "unknown_component")).toBe(true);
    expect(message).toContain("gostcol.yaml:3:");
  } finally {
    await rm(folder, { recursive: true });
  }
});
