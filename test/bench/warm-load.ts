import { REPORT_PATH } from "./agent-process.ts";
import { HOW_TO_INSTALL, type LoadOptions, type LoadResult, runWrk, wrkIsInstalled } from "./load.ts";
import { cpuSeconds, firstAnswer, type Measured } from "./processes.ts";

export interface WarmLoad extends Pick<LoadOptions, "bodies" | "seconds" | "connections" | "rate"> {
  /** At full speed, until V8 has compiled what is called often; the load's own connections where it names no others. */
  readonly warmUp: { readonly seconds: number; readonly connections?: number };
}

/** Loads a server that is warm, and stops it. `cpuSeconds`: what its whole process used under the load. */
export async function runWarm(
  server: Measured,
  { warmUp, ...load }: WarmLoad,
): Promise<LoadResult & { readonly cpuSeconds: number }> {
  const url = `http://127.0.0.1:${server.port}${REPORT_PATH}`;
  const { bodies, seconds, connections } = load;
  try {
    if (!wrkIsInstalled()) throw new Error(HOW_TO_INSTALL);
    await firstAnswer(server, REPORT_PATH, bodies[0]!);
    const before = runWrk({ url, bodies, connections, ...warmUp });
    const cpuBefore = cpuSeconds(server.pid);
    const result = runWrk({ url, ...load, firstNumber: 2 * before.requests });
    const used = cpuSeconds(server.pid) - cpuBefore;
    const { requests, refused, broken } = result;
    if (refused + broken > 0) throw new Error(`${refused} reports were refused, ${broken} broken\n${server.stderr()}`);
    if (requests < 0.9 * (load.rate ?? 0) * seconds) throw new Error(`only ${requests} reports were sent`);
    return { ...result, cpuSeconds: used };
  } finally {
    await server.stop();
  }
}
