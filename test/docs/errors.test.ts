import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PROBLEM_CODES } from "../../src/config/finding.ts";
import { programFiles, ROOT } from "../tidy/source-files.ts";

const page = readFileSync(join(ROOT, "docs/errors.md"), "utf8");
const explained = [...page.matchAll(/^### (\w+)$/gm)].map((match) => match[1]!);

/** Those of `PROBLEM_CODES`, and those that fields and components give with their own problems. */
function codesInSource(): string[] {
  const byComponents = programFiles()
    .filter(({ path }) => /^src\/(kit|receivers|processors|exporters|connectors|extensions)\//.test(path))
    .flatMap(({ text }) => [
      ...text.matchAll(/\brefuse\(\s*context,\s*"(\w+)"/g),
      ...text.matchAll(/severity: "(?:error|warning)",[^}]*?\bcode: "(\w+)"/g),
    ])
    .map((match) => match[1]!);
  return [...new Set([...PROBLEM_CODES, ...byComponents])];
}

test("docs/errors.md explains every code that a configuration can get, and no other", () => {
  expect(explained.toSorted()).toEqual(codesInSource().toSorted());
});

test("every code is explained once, with an example message of its own", () => {
  expect(new Set(explained).size).toBe(explained.length);
  const sections = page.split(/^### /m).slice(1);
  const examples = sections.map((section) => /\[(\w+)\]\n```/.exec(section)?.[1]);
  expect(examples).toEqual(explained);
});
