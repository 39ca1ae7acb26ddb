import { expect, test } from "vitest";
import { programFiles, relativeImports } from "./source-files.ts";

/** What each layer may import besides itself: docs/architecture.md draws the same. */
const COMPONENT_PARTS = ["kit", "component", "model", "lib"];
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  model: ["lib"],
  component: ["model", "lib"],
  kit: ["component", "model", "lib"],
  receivers: COMPONENT_PARTS,
  processors: COMPONENT_PARTS,
  exporters: COMPONENT_PARTS,
  connectors: COMPONENT_PARTS,
  extensions: COMPONENT_PARTS,
  "registry.ts": ["receivers", "processors", "exporters", "connectors", "extensions", "component"],
  config: ["component", "model", "lib"],
  pipeline: ["kit", "component", "model", "lib"],
  service: ["config", "pipeline", "kit", "component", "model", "lib"],
  simulate: ["lib"],
  cli: ["service", "simulate", "config", "pipeline", "kit", "component", "model", "lib"],
  "index.ts": ["service", "registry.ts", "config", "kit", "component", "model", "lib"],
  "main.ts": ["registry.ts", "cli", "kit", "lib"],
};
const KINDS = new Set(["receivers", "processors", "exporters", "connectors", "extensions"]);

const layerOf = (path: string) => path.split("/")[1]!;
const folderOf = (path: string) => path.split("/").slice(0, 3).join("/");

test("every file imports only from its own layer or from layers below it", () => {
  const broken: string[] = [];
  for (const file of programFiles()) {
    const layer = layerOf(file.path);
    const allowed = MAY_IMPORT[layer];
    if (allowed === undefined) {
      broken.push(
        `${file.path}: ${layer} is no layer; add it to MAY_IMPORT and docs/architecture.md, or move the file`,
      );
      continue;
    }
    for (const target of relativeImports(file)) {
      if (!target.startsWith("src/")) {
        if (target !== "package.json") broken.push(`${file.path} imports ${target}, which is outside src`);
        continue;
      }
      const targetLayer = layerOf(target);
      if (targetLayer !== layer && !allowed.includes(targetLayer)) {
        broken.push(`${file.path} imports ${target}: ${layer} may import ${allowed.join(", ") || "nothing"}`);
      }
      if (KINDS.has(layer) && targetLayer === layer && folderOf(file.path) !== folderOf(target)) {
        broken.push(`${file.path} imports ${target}: a component never imports another; share it through kit`);
      }
    }
  }
  expect(broken).toEqual([]);
});

test("no imports form a cycle, types included", () => {
  const graph = new Map(programFiles().map((file) => [file.path, relativeImports(file)]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]) => {
    const seen = trail.indexOf(path);
    if (seen >= 0) {
      cycles.push([...trail.slice(seen), path].join(" -> "));
      return;
    }
    if (done.has(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  expect(cycles).toEqual([]);
});

test("every imported file is there", () => {
  const files = programFiles();
  const paths = new Set(files.map(({ path }) => path));
  const missing = files.flatMap((file) =>
    relativeImports(file)
      .filter((target) => target.endsWith(".ts") && !paths.has(target))
      .map((target) => `${file.path} imports ${target}`),
  );
  expect(missing).toEqual([]);
});
