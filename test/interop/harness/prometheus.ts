import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { getText } from "./gostcol.ts";
import { peerPath } from "./peers.ts";
import { freePort } from "./ports.ts";
import { startProcess } from "./process.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export interface Prometheus {
  readonly url: string;
  query(promql: string): Promise<{ metric: Record<string, string>; value: [number, string] }[]>;
  /** Ends the process; `start` goes on with what it has on disk. */
  end(signal: "SIGKILL" | "SIGTERM"): Promise<void>;
  start(): Promise<void>;
}

/** A real Prometheus with this configuration, in a folder of its own. */
export async function startPrometheus(config: object, more: readonly string[] = []): Promise<Prometheus> {
  const folder = await temporaryFolder("prometheus");
  const port = await freePort();
  await writeFile(join(folder, "prometheus.yml"), stringify(config));
  const listen = `--web.listen-address=127.0.0.1:${port}`;
  const args = ["--config.file=prometheus.yml", "--storage.tsdb.path=data", listen, ...more];
  const url = `http://127.0.0.1:${port}`;
  const start = () =>
    startProcess({ name: "prometheus", program: peerPath("prometheus"), args, folder }, async () => {
      await getText(`${url}/-/ready`);
      return true;
    });
  let process = await start();
  return {
    url,
    async query(promql) {
      const answer = JSON.parse(await getText(`${url}/api/v1/query?query=${encodeURIComponent(promql)}`));
      return answer.data.result;
    },
    async end(signal) {
      await process.end(signal);
    },
    async start() {
      process = await start();
    },
  };
}
