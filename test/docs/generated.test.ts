import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { generatedFiles } from "../../scripts/generated.ts";
import { ROOT } from "../tidy/source-files.ts";

test.each(await generatedFiles())("$path is what `npm run generate` would write", ({ path, text }) => {
  expect(readFileSync(join(ROOT, path), "utf8")).toBe(text);
});
