#!/usr/bin/env node
import { existsSync, readFileSync } from "node:fs";
import module from "node:module";
import { join } from "node:path";
import { compileBundle, readBundle, runBundle } from "./bundle.ts";

/** Set by the build. */
declare const BUNDLE_CHECKSUM: string;

/**
 * Becomes dist/gostcol.js: starts the agent's bundle with the code that was compiled of it when it was built. Everything
 * that is imported here is there in any Node, so that one that is too old is told so.
 */
const [major] = process.versions.node.split(".");
if (Number(major) < 24) {
  process.stderr.write(`gostcol needs Node.js 24 or newer; this is ${process.versions.node}.\n`);
  process.exitCode = 1;
} else start(join(import.meta.dirname, "agent.cjs"));

function start(file: string): void {
  const bundle = readBundle(file, BUNDLE_CHECKSUM);
  const script = existsSync(bundle.cacheFile) && compileBundle(bundle, readFileSync(bundle.cacheFile));
  if (script && !script.cachedDataRejected) {
    runBundle(script, bundle);
  } else {
    // Built by another Node. Node's own cache holds only what is compiled before anything runs, which is the smaller part.
    module.enableCompileCache();
    module.createRequire(file)(file);
  }
}
