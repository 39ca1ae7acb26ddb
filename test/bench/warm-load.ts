import { REPORT_PATH } from "./agent-process.ts";
import { HOW_TO_INSTALL, type LoadOptions, type LoadResult, runWrk, wrkIsInstalled } from "./load.ts";
import { cpuSeconds, firstAnswer, type Measured } from "./processes.ts";

type Load = Pick<LoadOptions, "bodies" | "seconds" | "connections" | "rate">;

export interface WarmLoad extends Load {
  /** At full speed, until V8 has compiled what is called often; the load's own connections where it names no others. */
  readonly warmUp: { readonly seconds: number; readonly connections?: number };
}

export interface Loaded extends LoadResult {
  /** What the server's whole process used under the load. */
  readonly cpuSeconds: number;
}

/** Loads a server that is warm, and stops it. */
export async function runWarm(server: Measured, { warmUp, ...load }: WarmLoad): Promise<Loaded> {
  try {
    const loads = await LoadedServer.start(server, { ...load, ...warmUp });
    return loads.run(load);
  } finally {
    await server.stop();
  }
}

/** A server that is warm, and gets one load after the other: no report comes twice. */
export class LoadedServer {
  readonly #server: Measured;
  readonly #url: string;
  #sent = 0;

  private constructor(server: Measured) {
    this.#server = server;
    this.#url = `http://127.0.0.1:${server.port}${REPORT_PATH}`;
  }

  static async start(server: Measured, { rate: _, ...warmUp }: Load): Promise<LoadedServer> {
    if (!wrkIsInstalled()) throw new Error(HOW_TO_INSTALL);
    await firstAnswer(server, REPORT_PATH, warmUp.bodies[0]!);
    const started = new LoadedServer(server);
    started.run(warmUp);
    return started;
  }

  run(load: Load): Loaded {
    const { pid } = this.#server;
    const cpuBefore = cpuSeconds(pid);
    const result = runWrk({ url: this.#url, ...load, firstNumber: this.#sent });
    const used = cpuSeconds(pid) - cpuBefore;
    const { requests, refused, broken } = result;
    this.#sent += 2 * requests; // With what wrk sent and did not count.
    if (refused + broken > 0) {
      throw new Error(`${refused} reports were refused, ${broken} broken\n${this.#server.stderr()}`);
    }
    if (requests < 0.9 * (load.rate ?? 0) * load.seconds) throw new Error(`only ${requests} reports were sent`);
    return { ...result, cpuSeconds: used };
  }
}
