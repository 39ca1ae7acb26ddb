import { expect, test } from "vitest";
import { programFiles, withoutComments } from "./source-files.ts";

/**
 * The only files that may touch the world: each says which part. Everything else gets clock, randomness, disk and
 * network by parameter, so that the whole agent can live in a simulated world.
 */
const EDGES: Readonly<Record<string, readonly Touch[]>> = {
  "src/lib/system-clock.ts": ["clock", "timer"],
  "src/lib/system-random.ts": ["random", "file"],
  "src/lib/system-files.ts": ["file"],
  "src/kit/server/send-queues.ts": ["file", "timer"],
  "src/kit/server/": ["network", "timer"],
  "src/kit/client/": ["network"],
  "src/kit/store/": ["file", "timer"],
  "src/kit/send/dead-letter-file.ts": ["file"],
  "src/exporters/file/": ["file"],
  "src/kit/control/": ["network", "file"],
  // The simulated GOSTs of the demo call the agent over real connections.
  "src/cli/demo/http.ts": ["network"],
  "src/main.ts": ["process", "file", "network", "timer"],
};

type Touch = "clock" | "timer" | "random" | "network" | "file" | "process";

const SIGNS: Readonly<Record<Touch, RegExp>> = {
  clock: /\bDate\.now\b|\bnew Date\(\)|\bperformance\.(now|timeOrigin)\b|\bhrtime\b/,
  timer: /\b(setTimeout|setInterval|setImmediate)\(|\bAbortSignal\.timeout\b|"node:timers/,
  random: /\bMath\.random\b|\brandomBytes\b|\brandomFillSync\b|\brandomUUID\b|\bgetRandomValues\b|\brandomInt\b/,
  network: /"node:(net|tls|http|https|http2|dgram|dns)"|\bfetch\(/,
  file: /"node:(fs|fs\/promises|child_process|worker_threads|sqlite)"/,
  process: /\bprocess\.(exit|env|argv|on|once|kill|stdin|stdout|stderr|cwd)\b/,
};

test("clock, timers, random, network, files and the process are touched at the edges only", () => {
  const broken: string[] = [];
  for (const { path, text } of programFiles()) {
    const allowed = Object.entries(EDGES).find(
      ([edge]) => path === edge || (edge.endsWith("/") && path.startsWith(edge)),
    );
    // Type imports of the network's modules name shapes; they open nothing.
    const lines = withoutComments(text).split("\n");
    for (const [touch, sign] of Object.entries(SIGNS) as [Touch, RegExp][]) {
      if (allowed?.[1].includes(touch)) continue;
      lines.forEach((line, index) => {
        if (sign.test(line) && !/^\s*import type /.test(line)) {
          broken.push(`${path}:${index + 1} touches the ${touch}: take it from Deps or a parameter: ${line.trim()}`);
        }
      });
    }
  }
  expect(broken).toEqual([]);
});

test("only main.ts ends the process", () => {
  const exits = programFiles().filter(
    ({ path, text }) => path !== "src/main.ts" && /process\.exit\b/.test(withoutComments(text)),
  );
  expect(exits.map(({ path }) => path)).toEqual([]);
});
