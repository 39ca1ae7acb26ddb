import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CONTEXTS } from "../../src/kit/ottl/contexts/contexts.ts";
import { CONVERTERS_BY_NAME, EDITORS_BY_NAME } from "../../src/kit/ottl/functions/functions.ts";
import * as limits from "../../src/kit/ottl/limits.ts";
import { signatureOf } from "../../src/kit/ottl/parameters.ts";
import { ROOT } from "../tidy/source-files.ts";

const page = readFileSync(join(ROOT, "docs/ottl.md"), "utf8");
const rowsOf = (heading: string) => {
  const section = page.split(/^## /m).find((text) => text.startsWith(heading))!;
  return [...section.matchAll(/^\| (`.*) \|$/gm)].map((match) => match[1]!);
};

test("docs/ottl.md has every converter and editor, and no other", () => {
  for (const [heading, functions] of [
    ["Converters", CONVERTERS_BY_NAME],
    ["Editors", EDITORS_BY_NAME],
  ] as const) {
    const expected = [...functions.values()].map(
      (found) => `\`${signatureOf(found.name, found.parameters)}\` | ${found.summary}`,
    );
    expect(rowsOf(heading)).toEqual(expected);
  }
});

test("docs/ottl.md has every path of every context, and says which cannot be written", () => {
  const rows = rowsOf("Contexts and paths");
  for (const { name, paths } of Object.values(CONTEXTS)) {
    const own = [...paths].filter(([path]) => path.startsWith(`${name}.`));
    const listed = own.map(
      ([path, { write }]) => `\`${path.slice(name.length + 1)}\`${write === undefined ? "*" : ""}`,
    );
    const row = rows.find((text) => text.startsWith(`\`${name}\``) && text.endsWith(listed.join(", ")));
    expect([name, row === undefined ? listed.join(", ") : "listed"]).toEqual([name, "listed"]);
  }
});

test("docs/ottl.md has every enum", () => {
  const missing = Object.values(CONTEXTS)
    .flatMap(({ enums }) => [...enums.keys()])
    .filter(
      (name) =>
        !page.includes(`\`${name}\``) && !/^SEVERITY_NUMBER_(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)[234]?$/.test(name),
    );
  expect(missing).toEqual([]);
});

test("docs/ottl.md has every limit", () => {
  const numbers = Object.values(limits).filter((limit) => typeof limit === "number");
  for (const limit of numbers) expect(page).toContain(`| ${limit.toLocaleString("en-US")} |`);
});
