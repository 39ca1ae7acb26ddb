/** Makes `dist/`: the program, which needs no `node_modules`, and the library with its type declarations. */
import { execFileSync } from "node:child_process";
import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { chmod, rm } from "node:fs/promises";
import { join } from "node:path";
import { type BuildOptions, build, type OutputOptions } from "rolldown";
import { builtinModules, cheapModules } from "./cheap-modules.ts";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");
const CACHE_TIMEOUT_MS = 60_000;
/** For who reads the text: V8, which takes text that is all ASCII as it is. */
const SMALL = { minify: true, charset: "ascii" } satisfies OutputOptions;

await rm(dist, { recursive: true, force: true });
// Where the program is one file, so are its threads: as texts in it.
const define = { STORE_WORKER_TEXT: JSON.stringify(await storeWorkerText()) };
await Promise.all([
  bundle({
    input: { agent: join(root, "scripts/agent.ts") },
    plugins: [cheapModules],
    checks: { ineffectiveDynamicImport: false }, // That is what the entry is for.
    transform: { target: "node24", define },
    output: {
      dir: dist,
      entryFileNames: "[name].cjs",
      // Named after what is in it, and of `agent.cjs` it asks for what has a name in the sources: an agent that runs on while
      // it is replaced finds no file, or the same.
      chunkFileNames: "parts/[name]-[hash].cjs",
      minifyInternalExports: false,
      codeSplitting: { groups: [{ name: "agent", test: /[\\/]scripts[\\/]agent\.ts$/ }] }, // And all that it imports.
      // A CommonJS module: only such a one can be run from cached code, and an import of `node:http` by an ES module would
      // load Node's whole HTTP client as well.
      format: "cjs",
      ...SMALL,
    },
  }),
  bundle({
    input: { index: join(root, "src/index.ts") },
    transform: { target: "node24", define },
    output: { dir: dist, entryFileNames: "[name].js", format: "esm", codeSplitting: false },
  }),
]);
const checksum = hash("sha256", readFileSync(join(dist, "agent.cjs"))).slice(0, 16);
await bundle({
  input: { gostcol: join(root, "scripts/launcher/gostcol.ts") },
  plugins: [builtinModules],
  // It has to be read by a Node that is too old, to say so.
  transform: { target: "node18", define: { BUNDLE_CHECKSUM: JSON.stringify(checksum) } },
  output: { dir: dist, entryFileNames: "[name].js", format: "esm", codeSplitting: false },
});
await chmod(join(dist, "gostcol.js"), 0o755);
try {
  run(["scripts/launcher/write-cache.ts", join(dist, "agent.cjs"), checksum], CACHE_TIMEOUT_MS);
} catch (error) {
  // A machine where the agent cannot listen can build it all the same: it starts a little slower then.
  process.stderr.write(`built without compiled code beside it: ${String(error)}\n`);
}
run(["node_modules/typescript/bin/tsc", "-p", "tsconfig.types.json"]);

function bundle(options: BuildOptions) {
  return build({ cwd: root, platform: "node", ...options });
}

async function storeWorkerText(): Promise<string> {
  const { output } = await bundle({
    input: join(root, "src/kit/store/store-worker.ts"),
    transform: { target: "node24" },
    write: false,
    output: { format: "cjs", codeSplitting: false, ...SMALL },
  });
  return output[0].code;
}

function run(argv: readonly string[], timeout?: number): void {
  execFileSync(process.execPath, argv, {
    cwd: root,
    stdio: ["ignore", "inherit", "pipe"],
    ...(timeout && { timeout }),
  });
}
