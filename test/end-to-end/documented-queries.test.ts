import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { getText, startGostcol } from "../interop/harness/gostcol.ts";
import { parseMetricsText } from "../interop/harness/metrics-text.ts";
import { filesBelow, ROOT } from "../tidy/source-files.ts";

// What the pages tell people to ask Prometheus for is there: every metric, every label.

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly expr: string }[] }[];
}

const pages = ["README.md", ...filesBelow("docs", ".md").map(({ path }) => path)];

/** Rules in YAML blocks, and what stands in PromQL blocks and in code within a line. */
function queriesOn(path: string): string[] {
  const text = readFileSync(join(ROOT, path), "utf8");
  const blocks = (language: string) =>
    [...text.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, "g"))].map((match) => match[1]!);
  const rules = blocks("yaml")
    .map((block) => parse(block, { logLevel: "silent" }) as Partial<Rules> | null)
    .flatMap((block) => block?.groups ?? [])
    .flatMap((group) => group.rules.map(({ expr }) => expr));
  const inline = [...text.matchAll(/`([^`\n]*(?:rate|increase|sum)\b[^`\n]*)`/g)].map((match) => match[1]!);
  return [...rules, ...blocks("promql").map((block) => block.replaceAll(/^#.*$/gm, "")), ...inline];
}

test("the queries in the documentation ask for metrics and labels that there are", async () => {
  const gostcol = await startGostcol({ receiver: { temporality: "delta" } });
  const stats = { totalConns: 1, currentConns: 1, inputBytes: 235, outputBytes: 632, totalErrs: 0 };
  const event = { service: "web", type: "stats", stats };
  await fetch(`http://127.0.0.1:${gostcol.ports.receiver}/observer?node=edge-1`, {
    method: "POST",
    body: JSON.stringify({
      events: [
        { kind: "service", service: "web", type: "status", status: { state: "ready", msg: "" } },
        { kind: "service", ...event },
        { kind: "handler", client: "alice", ...event },
      ],
    }),
  });
  const own = parseMetricsText(await getText(`http://127.0.0.1:${gostcol.ports.own}/metrics`));
  const samples = [...(await gostcol.scrape()), ...own];
  const known = new Set(samples.flatMap(({ name, labels }) => [name, ...Object.keys(labels)]));

  const queries = pages.flatMap(queriesOn);
  expect(queries.length).toBeGreaterThan(8);
  const asked = queries.flatMap((query) => query.match(/\b(?:gost|gostcol|otelcol|network)_\w+/g) ?? []);
  expect(asked.filter((name) => !known.has(name))).toEqual([]);
});
