import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { type GostOptions, gostConfig, type ObserverOptions } from "./gost-config.ts";
import { peerPath } from "./peers.ts";
import { type RunningProcess, startProcess } from "./process.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const RELOAD_TIMEOUT_MS = 10_000;

/** A real GOST of the running test: one configuration, one folder, one process at a time. */
export interface Gost {
  /** Ends the process; `SIGKILL` leaves it no time to say anything. */
  end(signal: "SIGKILL" | "SIGTERM"): Promise<void>;
  /** Starts the next process on the same configuration. */
  start(): Promise<void>;
  /**
   * Reloads the configuration through the Web API, or on SIGHUP: every service and its counters begin again in the same
   * process.
   */
  reload(by?: "web_api" | "sighup"): Promise<void>;
  /** Removes a service through the Web API. */
  removeService(name: string): Promise<void>;
  /**
   * Puts another observer into the configuration: it is used from the next start or reload on. If it has another name,
   * instances from before a reload go on with the one that they had; else it is theirs as well.
   */
  reportTo(observer: ObserverOptions): Promise<void>;
}

/** Starts a GOST; it is ready when all of its services listen. */
export async function startGost(options: GostOptions): Promise<Gost> {
  const folder = await temporaryFolder("gost");
  const formerObservers: ObserverOptions[] = [];
  let { observer } = options;
  const reportTo = (next: ObserverOptions) => {
    if (next.name !== observer.name) formerObservers.push(observer);
    observer = next;
    return writeFile(join(folder, "gost.yml"), gostConfig({ ...options, observer, formerObservers }));
  };
  const ports = options.services.map(({ port }) => port);
  let running: RunningProcess;

  async function start() {
    running = await startProcess(
      {
        name: "gost",
        program: peerPath("gost"),
        args: ["-C", "gost.yml"],
        folder,
        environment: options.observer.caFile === undefined ? {} : { SSL_CERT_FILE: options.observer.caFile },
      },
      async () => {
        const listening = await listeningPorts();
        return ports.every((port) => listening.has(port));
      },
    );
  }

  async function reloadByWebApi() {
    const answer = await fetch(`http://127.0.0.1:${options.apiPort}/config/reload`, { method: "POST" });
    if (!answer.ok) throw new Error(`reload was answered with ${answer.status}: ${await answer.text()}`);
  }

  async function removeService(name: string) {
    const answer = await fetch(`http://127.0.0.1:${options.apiPort}/config/services/${name}`, { method: "DELETE" });
    if (!answer.ok) throw new Error(`the removal was answered with ${answer.status}: ${await answer.text()}`);
  }

  async function reloadBySignal() {
    const reloads = () => running.stderr().split('"config reloaded"').length;
    const before = reloads();
    process.kill(running.pid, "SIGHUP");
    await expect.poll(reloads, { timeout: RELOAD_TIMEOUT_MS, interval: 10 }).toBeGreaterThan(before);
  }

  await reportTo(options.observer);
  await start();
  return {
    start,
    reportTo,
    async end(signal) {
      await running.end(signal);
    },
    removeService,
    reload: (by) => (by === "sighup" ? reloadBySignal() : reloadByWebApi()),
  };
}

/** Asks the kernel, for GOST would count a connection that only looks whether somebody is there. */
async function listeningPorts(): Promise<Set<number>> {
  const LISTEN = "0A";
  const table = await readFile("/proc/net/tcp", "latin1");
  const rows = table.trim().split("\n").slice(1);
  const columns = rows.map((row) => row.trim().split(/\s+/));
  return new Set(
    columns.filter((column) => column[3] === LISTEN).map((column) => Number.parseInt(column[1]!.split(":")[1]!, 16)),
  );
}
