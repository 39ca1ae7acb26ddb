import type { Plugin } from "rolldown";

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
  "perf_hooks",
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

/** What begins so is a module of ours. */
const VIRTUAL = "\0";

/** Makes modules cheap to import. */
export const cheapModules: Plugin = {
  name: "cheap-modules",
  resolveId(source, importer = "") {
    const name = source.replace(/^node:/, "");
    if (importer.startsWith(VIRTUAL)) return null;
    if (Object.hasOwn(UNUSED, source) && /node_modules.pino/.test(importer)) return `${VIRTUAL}unused:${source}`;
    return LATE.includes(name) ? `${VIRTUAL}late:${name}` : null;
  },
  load(id) {
    const [kind, name = ""] = id.split(":");
    if (kind === `${VIRTUAL}late`) return { code: lateModule(name), moduleType: "js" };
    if (kind === `${VIRTUAL}unused`) return { code: UNUSED[name]!, moduleType: "js" };
    return null;
  },
};

/**
 * For an ES module: Node gives it all members of what it imports, and loads what stands behind them (streams for those of
 * files). Without any in a Node that is too old for this.
 */
export const builtinModules: Plugin = {
  name: "builtin-modules",
  renderChunk: (code) =>
    code.replace(IMPORT, (_, name: string | undefined, members: string | undefined, module: string) => {
      const value = `process.getBuiltinModule?.("${module}") ?? {}`;
      const parts = [name, members?.replaceAll(" as ", ": ")].filter((part) => part !== undefined);
      return parts.map((part) => `const ${part} = ${value};`).join("\n");
    }),
};

const IMPORT = /^import (\w+)?(?:, )?(\{[^}]*\})? from "(node:[\w/]+)";$/gm;

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
