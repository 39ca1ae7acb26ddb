import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { filesBelow, programFiles, ROOT } from "./source-files.ts";

const KINDS = ["receivers", "processors", "exporters", "connectors", "extensions"];

test("source files are named in kebab-case", () => {
  const odd = [...filesBelow("src", ".ts"), ...filesBelow("test", ".ts"), ...filesBelow("scripts", ".ts")]
    .map(({ path }) => path)
    .filter((path) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|d|config))?\.ts$/.test(basename(path)));
  expect(odd).toEqual([]);
});

test("every component has its definition, configuration and README in a folder named after its type", () => {
  const folders = new Map<string, Set<string>>();
  for (const { path } of filesBelow("src", ".ts", ".md")) {
    const [, kind, type, file] = path.split("/");
    if (!KINDS.includes(kind!) || file === undefined) continue;
    const key = `${kind}/${type}`;
    folders.set(key, (folders.get(key) ?? new Set()).add(file));
  }
  const missing: string[] = [];
  for (const [folder, files] of folders) {
    if (!/\/[a-z][a-z0-9_]*$/.test(folder)) missing.push(`${folder}: folders of components are named as the type is`);
    for (const file of ["index.ts", "config.ts", "README.md"]) {
      if (!files.has(file)) missing.push(`${folder}/${file} is missing`);
    }
  }
  expect(folders.size).toBeGreaterThan(0);
  expect(missing).toEqual([]);
});

test("nothing in the repository names a machine's folders or a package registry's host", () => {
  const tracked = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { cwd: ROOT, encoding: "utf8" })
    .split("\n")
    .filter((path) => path !== "" && !path.includes("fixtures/"));
  const forbidden = new RegExp(
    ["/wor" + "k/", "/ro" + "ot/", "registry\\.npm" + "js", "deb\\.deb" + "ian\\.org"].join("|"),
  );
  const hits = tracked.filter((path) => {
    try {
      return forbidden.test(readFileSync(join(ROOT, path), "utf8"));
    } catch {
      return false; // Deleted in the working tree, not yet in the index.
    }
  });
  expect(hits).toEqual([]);
});

test("no source file grows beyond what one idea needs", () => {
  // A ratchet, not a wall: raise it for a file that says at its top why it is one idea.
  const LINES_MAX = 400;
  const long = programFiles()
    .filter(({ path }) => !path.endsWith("default-config.ts"))
    .map(({ path, text }) => ({ path, lines: text.split("\n").length }))
    .filter(({ lines }) => lines > LINES_MAX);
  expect(long).toEqual([]);
});
