#!/usr/bin/env node
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import module from "node:module";
import { basename, join } from "node:path";
import type { Script } from "node:vm";
import { type Bundle, codeOf, compileBundle, readBundle, runBundle } from "./bundle.ts";

const KEEP_AFTER_MS = 5000;

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
  if (runWithCode(bundle, bundle.cacheFile)) return;
  // Built by another Node, or installed from a package, which has no code in it.
  const { directory } = module.enableCompileCache();
  const own = directory && join(directory, basename(bundle.cacheFile));
  if (own && runWithCode(bundle, own)) return;
  if (own && process.argv.includes("run")) {
    const script = compileBundle(bundle);
    keepLater(script, own);
    runBundle(script, bundle);
  } else {
    // Node's own cache holds only what is compiled before anything runs: most of what a short command needs.
    module.createRequire(file)(file);
  }
}

/** False where there is no such code, or this V8 does not want it. */
function runWithCode(bundle: Bundle, cacheFile: string): boolean {
  if (!existsSync(cacheFile)) return false;
  const script = compileBundle(bundle, readFileSync(cacheFile));
  if (script.cachedDataRejected) return false;
  runBundle(script, bundle);
  return true;
}

/** For the next start: what is compiled when this one is long over, or at the end if that comes before. */
function keepLater(script: Script, cacheFile: string): void {
  const keep = () => {
    clearTimeout(timer);
    process.off("exit", keep);
    try {
      // Nobody may find half of it, for V8 would run that.
      const unfinished = `${cacheFile}.${process.pid}`;
      writeFileSync(unfinished, codeOf(script), { mode: 0o600 }); // As Node does.
      renameSync(unfinished, cacheFile);
    } catch {
      // The next start takes a little longer then, as this one did.
    }
  };
  const timer = setTimeout(keep, KEEP_AFTER_MS).unref();
  process.on("exit", keep);
}
