import { readFileSync } from "node:fs";
import module from "node:module";
import { dirname } from "node:path";
import { constants, Script } from "node:vm";
import { setHeapFlags } from "../../src/lib/heap-flags.ts";

/** The agent's bundle: one CommonJS file, with the code that V8 makes of it in a file beside it. */
export interface Bundle {
  readonly file: string;
  readonly source: string;
  /** Named after all that the code depends on, so that nobody takes code for another Node or another bundle. */
  readonly cacheFile: string;
}

export function readBundle(file: string): Bundle {
  const bytes = readFileSync(file);
  // The agent needs this module of Node's as well; to import it would load more of it than to ask for it.
  const checksum = process.getBuiltinModule("node:crypto").hash("sha256", bytes, "hex").slice(0, 16);
  // It is all ASCII: so there is nothing to decode.
  return {
    file,
    source: bytes.toString("latin1"),
    cacheFile: `${file}.${process.version}-${process.arch}-${checksum}.cache`,
  };
}

/** The script for which code is cached, and which takes it back; `cachedDataRejected` where this V8 does not want it. */
export function compileBundle({ file, source }: Bundle, cachedData?: Buffer): Script {
  setHeapFlags();
  return new Script(`(function (exports, require, module, __filename, __dirname) {${source}\n})`, {
    filename: file,
    ...(cachedData && { cachedData }),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
}

/** Does what `require` would do with the file. */
export function runBundle(script: Script, { file }: Bundle): void {
  const exports = {};
  script.runInThisContext()(exports, module.createRequire(file), { exports }, file, dirname(file));
}
