import { expect, test } from "vitest";
import * as z from "zod";
import { defineExporter } from "./define.ts";
import { allDefinitions, Catalog, loadDefinition, type Registry } from "./registry.ts";

function exporter(type: string, aliases: readonly string[] = []) {
  const create = () => ({});
  return defineExporter({ type, aliases, summary: "Nothing.", config: z.strictObject({}), signals: {}, create });
}

/** One exporter that is at hand and two that are not; `loaded` has the types of those that somebody wanted. */
function world() {
  const loaded: string[] = [];
  const later = (type: string, aliases: readonly string[]) => ({
    type,
    aliases,
    async load() {
      loaded.push(type);
      return { definition: exporter(type, aliases) };
    },
  });
  const exporters = [exporter("near", ["old_near"]), later("far", ["old_far"]), later("other", [])];
  const registry: Registry = { receivers: [], processors: [], exporters, connectors: [], extensions: [] };
  return { registry, loaded };
}

test("a component is loaded when it is named, once, by its type or an alias", async () => {
  const { registry, loaded } = world();
  const catalog = new Catalog(registry);
  expect(catalog.find("exporter", "far")).toBeUndefined();
  await catalog.load("exporter", "old_far");
  await catalog.load("exporter", "far");
  expect(catalog.find("exporter", "far")?.type).toBe("far");
  expect(catalog.find("exporter", "old_far")?.type).toBe("far");
  expect(loaded).toEqual(["far"]);
});

test("a definition that is in the registry itself needs loading as well, which is nothing to wait for", async () => {
  const catalog = new Catalog(world().registry);
  await catalog.load("exporter", "old_near");
  expect(catalog.find("exporter", "near")?.type).toBe("near");
});

test("which types there are is known before anything is loaded, and to name none of them is nothing", async () => {
  const { registry, loaded } = world();
  const catalog = new Catalog(registry);
  expect(catalog.types("exporter")).toEqual(["near", "far", "other"]);
  expect([catalog.has("exporter", "old_far"), catalog.has("exporter", "no"), catalog.has("receiver", "far")]).toEqual([
    true,
    false,
    false,
  ]);
  await catalog.load("exporter", "no");
  expect(await loadDefinition(registry, "exporter", "no")).toBeUndefined();
  expect(loaded).toEqual([]);
});

test("all of a kind can be had, in the registry's order", async () => {
  const { registry } = world();
  expect((await allDefinitions(registry)).map(({ type }) => type)).toEqual(["near", "far", "other"]);
  expect(await allDefinitions(registry, ["receiver"])).toEqual([]);
});
