import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const BUNDLE = join(ROOT, "dist/agent.cjs");

/** What the launcher does before it runs anything. */
const PROGRAM = `
  import { readFileSync } from "node:fs";
  import { compileBundle, readBundle } from ${JSON.stringify(join(ROOT, "scripts/launcher/bundle.ts"))};
  const bundle = readBundle(${JSON.stringify(BUNDLE)});
  console.log(compileBundle(bundle, readFileSync(bundle.cacheFile)).cachedDataRejected);
`;

test.skipIf(!existsSync(BUNDLE))("the built program is taken from the code that was compiled with it", () => {
  const said = execFileSync(process.execPath, ["--input-type=module", "--eval", PROGRAM], { encoding: "utf8" });
  expect(said.trim()).toBe("false");
});
