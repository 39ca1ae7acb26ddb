import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { loadConfig } from "../../src/config/load-config.ts";
import { NEVER } from "../../src/lib/abort.ts";
import { registry } from "../../src/registry.ts";
import { filesBelow } from "../tidy/source-files.ts";

const SECTIONS = ["receivers", "processors", "exporters", "connectors", "extensions", "service"];

/** What a page's fragment is laid over, so that a section alone can be checked. */
const BASE = `
receivers: { gost: { endpoint: 127.0.0.1:18000 } }
processors: { dedupe: , delta_to_cumulative: }
exporters: { nop: , prometheus: , debug: }
service: { pipelines: { metrics: { receivers: [gost], exporters: [nop] } } }
`;

interface Example {
  readonly place: string;
  readonly text: string;
}

/** The fenced YAML blocks of a page that are gostcol's own configuration, not GOST's or Prometheus's. */
function examplesOf(page: { readonly path: string; readonly text: string }): Example[] {
  return [...page.text.matchAll(/```yaml\n([\s\S]*?)```/g)]
    .map((match) => ({
      place: `${page.path}:${page.text.slice(0, match.index).split("\n").length}`,
      text: match[1]!,
    }))
    .filter(({ text }) => {
      const top: unknown = parse(text, { logLevel: "silent" });
      return typeof top === "object" && top !== null && Object.keys(top).every((key) => SECTIONS.includes(key));
    });
}

const pages = [...filesBelow("docs", ".md"), ...filesBelow("src", ".md"), ...filesBelow("", "README.md")].filter(
  (page, index, all) => all.findIndex(({ path }) => path === page.path) === index,
);

async function errorsIn(text: string): Promise<string[]> {
  const { problems } = await loadConfig(
    {
      registry,
      environment: { EDGE_1_TOKEN: "one", EDGE_2_TOKEN: "two", CLIENT_KEY: "three", WEBHOOK_SECRET: "four" },
      readFile: (path) => Promise.resolve(readFileSync(path, "utf8")),
      configs: [
        { name: "base", text: BASE },
        { name: "example", text },
      ],
      sets: [],
    },
    NEVER,
  );
  return problems.filter(({ severity }) => severity === "error").map(({ code, message }) => `${code}: ${message}`);
}

test.each(pages.flatMap(examplesOf))("the example at $place is a valid configuration", async ({ text }) => {
  expect(await errorsIn(text)).toEqual([]);
});

test("every component's README has an example", () => {
  const readmes = pages.filter(({ path }) => /^src\/[a-z]+s\/[a-z0-9_]+\/README\.md$/.test(path));
  expect(readmes.length).toBeGreaterThan(0);
  expect(readmes.filter((page) => examplesOf(page).length === 0).map(({ path }) => path)).toEqual([]);
});
