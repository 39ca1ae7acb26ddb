import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const BUNDLE = join(ROOT, "dist/agent.cjs");

/** What the launcher does before it runs anything. */
const PROGRAM = `
  import { hash } from "node:crypto";
  import { readFileSync } from "node:fs";
  import { compileBundle, readBundle } from ${JSON.stringify(join(ROOT, "scripts/launcher/bundle.ts"))};
  const file = ${JSON.stringify(BUNDLE)};
  const bundle = readBundle(file, hash("sha256", readFileSync(file)).slice(0, 16));
  console.log(compileBundle(bundle, readFileSync(bundle.cacheFile)).cachedDataRejected);
`;

/** Runs before the program: when that has started, prints the modules of Node that are loaded, and ends it. */
const LISTING = `
  const write = process.stderr.write;
  process.stderr.write = function (text, ...rest) {
    if (String(text).includes(" runs with ")) {
      process.stdout.write(process.moduleLoadList.join("\\n"));
      process.kill(process.pid, "SIGTERM");
    }
    return write.call(this, text, ...rest);
  };
`;
const CONFIG = `
receivers: { gost: { endpoint: 127.0.0.1:0 } }
processors: { dedupe: , delta_to_cumulative: }
exporters: { prometheus: { endpoint: 127.0.0.1:0 } }
service:
  telemetry: { metrics: { level: none } }
  pipelines: { metrics: { receivers: [gost], processors: [dedupe, delta_to_cumulative], exporters: [prometheus] } }
`;
/** Each takes a hundredth of a start or more, and is for somebody else: keys, HTTP that is not plain, clients, TLS, gRPC, files... */
const NOT_NEEDED = [
  "crypto",
  "http",
  "http2",
  "https",
  "perf_hooks",
  "tls",
  "zlib",
  "sqlite",
  "worker_threads",
  "fs/promises",
  "internal/fs/streams",
];

test.skipIf(!existsSync(BUNDLE))("the built program is taken from the code that was compiled with it", () => {
  const said = execFileSync(process.execPath, ["--input-type=module", "--eval", PROGRAM], { encoding: "utf8" });
  expect(said.trim()).toBe("false");
});

test.skipIf(!existsSync(BUNDLE))(
  "without that code a start keeps what it has compiled, and the next one takes it",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "gostcol-start-"));
    try {
      cpSync(join(ROOT, "dist"), folder, { recursive: true, filter: (path) => !path.endsWith(".cache") });
      writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
      const environment = { NODE_COMPILE_CACHE: join(folder, "cache") };
      const kept = () => {
        modulesAtStart(join(folder, "gostcol.js"), environment);
        const files = readdirSync(join(folder, "cache"), { recursive: true, encoding: "utf8" });
        return files.filter((file) => file.includes("agent.cjs")).map((file) => join(folder, "cache", file));
      };
      const [file, ...others] = kept();
      expect(others).toEqual([]);
      const { ino } = statSync(file!);
      expect(kept()).toEqual([file]);
      expect(statSync(file!).ino).toBe(ino); // Whoever does not take it writes another.
      writeFileSync(file!, "no code");
      expect(kept()).toEqual([file]);
      expect(statSync(file!).size).toBeGreaterThan(100_000);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test.skipIf(!existsSync(BUNDLE))("a start loads no module of Node that its configuration does not need", () => {
  const loaded = modulesAtStart(join(ROOT, "dist/gostcol.js"));
  expect(loaded).toContain("NativeModule net");
  expect(NOT_NEEDED.filter((name) => loaded.has(`NativeModule ${name}`))).toEqual([]);
});

test.skipIf(!existsSync(BUNDLE))("the built program finds what has a file of its own beside it", () => {
  const config = `${CONFIG.replace("delta_to_cumulative:", 'filter: { metrics: { datapoint: [\'IsMatch("", "(")\'] } }')}`;
  const argv = [join(ROOT, "dist/gostcol.js"), "validate", "--config", `yaml:${config}`];
  const { stdout, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8" });
  expect(`${stdout}${stderr}`).toContain("not a pattern: error parsing regexp: missing closing )");
});

/** Starts a program and ends it. */
function modulesAtStart(program: string, environment: NodeJS.ProcessEnv = {}): ReadonlySet<string> {
  const folder = mkdtempSync(join(tmpdir(), "gostcol-start-"));
  try {
    const hook = join(folder, "listing.cjs");
    writeFileSync(hook, LISTING);
    const said = execFileSync(process.execPath, ["--require", hook, program, "run", "--config", `yaml:${CONFIG}`], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      env: { ...process.env, ...environment },
    });
    return new Set(said.split("\n"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
