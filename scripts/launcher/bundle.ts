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

/** `checksum`: that of the bundle, by whoever built it. */
export function readBundle(file: string, checksum: string): Bundle {
  return {
    file,
    source: readFileSync(file, "latin1"), // It is all ASCII: so there is nothing to decode.
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

/** Does what `require` would do with the file, which the files beside it, loaded later, find as it is. */
export function runBundle(script: Script, { file }: Bundle): void {
  const require = module.createRequire(file);
  const own = new module.Module(file);
  require.cache[require.resolve(file)] = own;
  script.runInThisContext()(own.exports, require, own, file, dirname(file));
  own.loaded = true;
}

/** What V8 has compiled of it by now, for `compileBundle`. */
export function codeOf(script: Script): Buffer {
  setHeapFlags(); // As they were: those that follow the heap are part of what V8 compares.
  return script.createCachedData();
}
