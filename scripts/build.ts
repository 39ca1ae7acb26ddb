/**
 * Makes `dist/`: the program as two files that need no `node_modules`, and the library with its type declarations.
 *
 * `gostcol.js` only switches Node's compile cache on and loads `agent.js`: a file cannot switch the cache on for itself,
 * and with it the start takes half the time.
 */
import { execFileSync } from "node:child_process";
import { chmod, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type BuildOptions, build } from "esbuild";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");

const shared: BuildOptions = {
  bundle: true,
  platform: "node",
  target: "node24",
  format: "esm",
  logLevel: "warning",
  // Packages inside the bundle that are CommonJS ask for `require`, which an ES module does not have.
  banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
};

const launcher = `#!/usr/bin/env node
const [major] = process.versions.node.split(".");
if (Number(major) < 24) {
  process.stderr.write("gostcol needs Node.js 24 or newer; this is " + process.versions.node + ".\\n");
  process.exitCode = 1;
} else {
  const { enableCompileCache } = await import("node:module");
  enableCompileCache();
  await import("./agent.js");
}
`;

await rm(dist, { recursive: true, force: true });
await Promise.all([
  build({ ...shared, entryPoints: [join(root, "src/main.ts")], outfile: join(dist, "agent.js"), minify: true }),
  build({ ...shared, entryPoints: [join(root, "src/index.ts")], outfile: join(dist, "index.js") }),
]);
await writeFile(join(dist, "gostcol.js"), launcher);
await chmod(join(dist, "gostcol.js"), 0o755);
execFileSync(process.execPath, [
  join(root, "node_modules/typescript/bin/tsc"),
  ...["-p", join(root, "tsconfig.types.json")],
]);
