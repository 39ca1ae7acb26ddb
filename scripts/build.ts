/** Makes `dist/`: the program, which needs no `node_modules`, and the library with its type declarations. */
import { execFileSync } from "node:child_process";
import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { chmod, rm } from "node:fs/promises";
import { join } from "node:path";
import { type BuildOptions, build } from "esbuild";
import { builtinModules, cheapModules, LATE_PACKAGE, lateFile } from "./cheap-modules.ts";
import { numbersInPlace } from "./numbers-in-place.ts";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");
const CACHE_TIMEOUT_MS = 60_000;

const shared: BuildOptions = {
  bundle: true,
  platform: "node",
  target: "node24",
  supported: { "regexp-unicode-property-escapes": true }, // Else each is made from a text, wherever it stands.
  logLevel: "warning",
};

await rm(dist, { recursive: true, force: true });
// Where the program is one file, so are its threads: as texts in it.
const define = { STORE_WORKER_TEXT: JSON.stringify(await bundleText("src/kit/store/store-worker.ts")) };
await Promise.all([
  build({
    ...shared,
    define,
    entryPoints: [join(root, "src/main.ts")],
    outfile: join(dist, "agent.cjs"),
    // A CommonJS module: only such a one can be run from cached code, and an import of `node:http` by an ES module would
    // load Node's whole HTTP client as well.
    format: "cjs",
    minify: true,
    plugins: [lateFile, cheapModules, numbersInPlace],
    logOverride: { "empty-import-meta": "silent" }, // Asked for where the store's thread comes from the sources only.
  }),
  build({
    ...shared,
    entryPoints: [LATE_PACKAGE],
    outfile: join(dist, `${LATE_PACKAGE}.cjs`),
    format: "cjs",
    minify: true,
  }),
  build({
    ...shared,
    define,
    entryPoints: [join(root, "src/index.ts")],
    outfile: join(dist, "index.js"),
    format: "esm",
    // Packages inside the bundle that are CommonJS ask for `require`, which an ES module does not have.
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  }),
]);
const checksum = hash("sha256", readFileSync(join(dist, "agent.cjs"))).slice(0, 16);
await build({
  ...shared,
  define: { BUNDLE_CHECKSUM: JSON.stringify(checksum) },
  entryPoints: [join(root, "scripts/launcher/gostcol.ts")],
  outfile: join(dist, "gostcol.js"),
  format: "esm",
  target: "node18", // It has to be read by a Node that is too old, to say so.
  plugins: [builtinModules],
});
await chmod(join(dist, "gostcol.js"), 0o755);
try {
  run(["scripts/launcher/write-cache.ts", join(dist, "agent.cjs"), checksum], CACHE_TIMEOUT_MS);
} catch (error) {
  // A machine where the agent cannot listen can build it all the same: it starts a little slower then.
  process.stderr.write(`built without compiled code beside it: ${String(error)}\n`);
}
run(["node_modules/typescript/bin/tsc", "-p", "tsconfig.types.json"]);

async function bundleText(path: string): Promise<string> {
  const { outputFiles } = await build({
    ...shared,
    entryPoints: [join(root, path)],
    format: "cjs",
    minify: true,
    plugins: [numbersInPlace],
    write: false,
  });
  return outputFiles[0]!.text;
}

function run(argv: readonly string[], timeout?: number): void {
  execFileSync(process.execPath, argv, {
    cwd: root,
    stdio: ["ignore", "inherit", "pipe"],
    ...(timeout && { timeout }),
  });
}
