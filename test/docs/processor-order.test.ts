import { expect, test } from "vitest";
import { loadConfig } from "../../src/config/load-config.ts";
import { NEVER } from "../../src/lib/abort.ts";
import { registry } from "../../src/registry.ts";

const warnings = async (processors: string) => {
  const text = `
receivers: { gost: {} }
processors:
  dedupe:
  delta_to_cumulative:
  attributes: { actions: [{ action: insert, key: site, value: fra }] }
exporters: { nop: }
service: { pipelines: { metrics: { receivers: [gost], processors: [${processors}], exporters: [nop] } } }
`;
  const options = { registry, environment: {}, configs: [{ name: "test", text }], sets: [] };
  const { problems } = await loadConfig({ ...options, readFile: () => Promise.reject(new Error("none")) }, NEVER);
  return problems.filter(({ code }) => code === "processor_order").map(({ expected }) => expected);
};

test("what changes series is warned of where it stands in front of what knows GOST's own", async () => {
  expect(await warnings("dedupe, delta_to_cumulative, attributes")).toEqual([]);
  expect(await warnings("attributes, dedupe, delta_to_cumulative")).toEqual([
    "dedupe before attributes",
    "delta_to_cumulative before attributes",
  ]);
});
