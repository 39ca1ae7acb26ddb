import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadConfig } from "../../src/config/load-config.ts";
import { problemText } from "../../src/config/problem-text.ts";
import { NEVER } from "../../src/lib/abort.ts";
import { registry } from "../../src/registry.ts";
import { filesBelow, ROOT } from "../tidy/source-files.ts";

const environment = { EDGE_1_TOKEN: "one", EDGE_2_TOKEN: "two", FLEET_TOKEN: "three", CLIENT_KEY: "four" };
const files: Readonly<Record<string, string>> = { "/run/secrets/gost-token": "four\n" };

const check = (path: string) =>
  loadConfig(
    {
      registry,
      configs: [{ address: path }],
      sets: [],
      environment,
      readFile: async (name) => files[name] ?? readFileSync(join(ROOT, name), "utf8"),
    },
    NEVER,
  );

/** What an example is allowed to be warned of, because that is its purpose. */
const MEANT: Readonly<Record<string, readonly string[]>> = {
  "config/examples/gateway.yaml": ["exposed_endpoint"],
};

test.each(filesBelow("config", ".yaml"))("$path is valid, and nothing in it has to be warned of", async ({ path }) => {
  const { config, problems } = await check(path);
  const unmeant = problems.filter(({ code }) => !MEANT[path]?.includes(code));
  expect(unmeant.map(problemText)).toEqual([]);
  expect(config).toBeDefined();
});

test.each(filesBelow("config", ".yaml"))("$path names its schema and says what it is for", ({ text, path }) => {
  const [schema, empty, purpose] = text.split("\n");
  expect(schema).toBe(`# yaml-language-server: $schema=${path.includes("examples/") ? "../" : "./"}schema.json`);
  expect(empty).toBe("#");
  expect(purpose).toMatch(/^# [A-Z]/);
});
