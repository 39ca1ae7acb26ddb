import type { Plugin } from "esbuild";

/**
 * Modules of Node that take milliseconds each to load, and that few starts need: a client, TLS, keys, a process, a thread.
 * Wherever one is imported, it is loaded when something of it is first used.
 */
const LATE = [
  "child_process",
  "crypto",
  "dgram",
  "fs/promises",
  "http",
  "http2",
  "https",
  "tls",
  "worker_threads",
  "zlib",
];

/** What pino loads for features that we do not use: it is given something to write to, in the thread that it is in. */
const UNUSED: Readonly<Record<string, string>> = {
  "sonic-boom": "module.exports = class {};",
  "thread-stream": "module.exports = class {};",
  worker_threads: "exports.isMainThread = true;",
};

/**
 * An eighth of the bundle, for patterns in a few components. V8 looks through all of a bundle for which it has no compiled
 * code; so this has a file of its own beside it.
 */
export const LATE_PACKAGE = "re2js";

export const lateFile: Plugin = {
  name: "late-file",
  setup(build) {
    const path = `./${LATE_PACKAGE}.cjs`;
    build.onResolve({ filter: new RegExp(`^${LATE_PACKAGE}$`) }, () => ({ path, external: true }));
  },
};

/** For esbuild: makes modules cheap to import. */
export const cheapModules: Plugin = {
  name: "cheap-modules",
  setup(build) {
    build.onResolve({ filter: /^[a-z0-9_:/-]+$/ }, ({ path, importer, namespace }) => {
      const name = path.replace(/^node:/, "");
      if (namespace === "late") return undefined;
      if (Object.hasOwn(UNUSED, path) && /node_modules.pino/.test(importer)) return { path, namespace: "unused" };
      if (LATE.includes(name)) return { path: name, namespace: "late" };
      return undefined;
    });
    build.onLoad({ filter: /.*/, namespace: "late" }, ({ path }) => ({ contents: lateModule(path) }));
    build.onLoad({ filter: /.*/, namespace: "unused" }, ({ path }) => ({ contents: UNUSED[path]! }));
  },
};

/**
 * For an ES module: Node gives it all members of what it imports, and loads what stands behind them (streams for those of
 * files). Empty in a Node that is too old for this.
 */
export const builtinModules: Plugin = {
  name: "builtin-modules",
  setup(build) {
    build.onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: "builtin" }));
    build.onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule?.(${JSON.stringify(path)}) ?? {};`,
    }));
  },
};

function lateModule(name: string): string {
  const members = Object.keys(process.getBuiltinModule(`node:${name}`) ?? {});
  return `
for (const name of ${JSON.stringify(members)}) {
  const get = () => {
    const value = process.getBuiltinModule("node:${name}")[name];
    Object.defineProperty(exports, name, { value });
    return value;
  };
  Object.defineProperty(exports, name, { get, enumerable: true, configurable: true });
}`;
}
