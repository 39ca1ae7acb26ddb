import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeReports, SERIAL, USUAL } from "./reports.ts";

/**
 * Load from outside by `wrk`, for a generator in JavaScript would measure itself. By hand:
 *
 *     node test/bench/load.ts http://127.0.0.1:8000/observer?temporality=delta 30 64
 *
 * sends for 30 seconds over 64 connections, with reports that are made before the first one is sent.
 */

export interface LoadResult {
  readonly requests: number;
  /** From a report's first byte to the last of its answer, in milliseconds. */
  readonly waitMs: { readonly p50: number; readonly p99: number };
  /** Answers of any other status than 200. */
  readonly refused: number;
  /** Connections and requests that failed on the way. */
  readonly broken: number;
  readonly seconds: number;
}

export interface LoadOptions {
  readonly url: string;
  readonly bodies: readonly string[];
  readonly seconds: number;
  readonly connections: number;
  /** Serial numbers go on from here; a second run against the same agent needs others than the first. */
  readonly firstNumber?: number;
  /** Reports a second; without it as many as are answered. */
  readonly rate?: number;
}

export const HOW_TO_INSTALL = "wrk is not installed (Debian and Ubuntu: apt install wrk; macOS: brew install wrk)";

export function wrkIsInstalled(): boolean {
  return spawnSync("wrk", ["-v"]).error === undefined;
}

export function runWrk(options: LoadOptions): LoadResult {
  const { url, bodies, seconds, connections } = options;
  const folder = mkdtempSync(join(tmpdir(), "gostcol-load-"));
  try {
    writeFileSync(join(folder, "bodies"), bodies.join("\n"));
    writeFileSync(join(folder, "load.lua"), luaScript(join(folder, "bodies"), options));
    const argv = ["-t1", `-c${connections}`, `-d${seconds}s`, "-s", join(folder, "load.lua"), url];
    const { stdout, stderr, status } = spawnSync("wrk", argv, { encoding: "utf8" });
    const result = /^RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)$/m.exec(stdout ?? "");
    if (status !== 0 || result === null) throw new Error(`wrk failed: ${stderr}${stdout}`);
    const [requests, refused, broken, duration, p50, p99] = result.slice(1).map(Number);
    return {
      requests: requests!,
      waitMs: { p50: p50! / 1e3, p99: p99! / 1e3 },
      refused: refused!,
      broken: broken!,
      seconds: duration! / 1e6,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Each request is one of the reports, with a serial number of its own in the place of `SERIAL`. */
function luaScript(bodiesFile: string, { firstNumber = 0, rate, connections }: LoadOptions): string {
  // A connection waits before each request, some longer and some shorter, so that they do not keep step.
  const delay = rate === undefined ? "" : `function delay() return math.random(0, ${(2000 * connections) / rate}) end`;
  return `
${delay}
local requests = {}
local number = ${firstNumber}
function init(args)
  for body in io.lines(${JSON.stringify(bodiesFile)}) do
    local request = wrk.format("POST", nil, {["Content-Type"] = "application/json"}, body)
    local from, to = request:find("${SERIAL}", 1, true)
    requests[#requests + 1] = {request:sub(1, from - 1), request:sub(to + 1)}
  end
end
function request()
  number = number + 1
  local parts = requests[number % #requests + 1]
  return parts[1] .. string.format("%d", ${SERIAL} + number) .. parts[2]
end
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d %d\\n", summary.requests, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout, summary.duration,
    latency:percentile(50), latency:percentile(99)))
end
`;
}

if (import.meta.main) {
  const [url = "http://127.0.0.1:8000/observer?temporality=delta", seconds = "10", connections = "16"] =
    process.argv.slice(2);
  if (!wrkIsInstalled()) {
    process.stderr.write(`${HOW_TO_INSTALL}\n`);
    process.exit(1);
  }
  const bodies = makeReports(USUAL);
  const result = runWrk({ url, bodies, seconds: Number(seconds), connections: Number(connections) });
  process.stdout.write(
    `${result.requests} reports of ${USUAL.clientsPerService} events in ${result.seconds.toFixed(1)} s: ` +
      `${Math.round(result.requests / result.seconds)}/s; ${result.refused} refused, ${result.broken} broken\n`,
  );
}
