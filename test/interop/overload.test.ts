import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { createFlood, expectCounted, type FloodResult, nodeName } from "./harness/flood.ts";
import { type Gostcol, getText, startGostcol } from "./harness/gostcol.ts";
import { parseMetricsText, select } from "./harness/metrics-text.ts";
import { temporaryFolder } from "./harness/temporary-folder.ts";

// The agent and the senders share the machine: what it takes is measured first, then ten times that becomes due.
const LASTS_MS = 1000 * Number(process.env["GOSTCOL_OVERLOAD_SECONDS"] ?? 5);
const CAPACITY_MS = 2000;
const NODES = 16;
const EMITTERS_PER_NODE = 16;
const CLIENTS = 400;
const MIB = 1024 ** 2;

/** More reports than any of them could send: who is answered sends the next one. */
const AS_MANY_AS_IT_TAKES = 1_000_000;

const REPORTERS = [
  { protocol: "http", store: false },
  { protocol: "http", store: true },
  { protocol: "grpc", store: false },
  { protocol: "grpc", store: true },
] as const;

const TIMEOUT_MS = 120_000 + 2 * LASTS_MS;

test.each(REPORTERS)(
  "ten times the load that it can take over $protocol, with the store: $store",
  { timeout: TIMEOUT_MS },
  async (reporters) => {
    const { protocol, store } = reporters;
    const tokens = Array.from({ length: NODES }, (_, index) => ({ token: nodeName(index), node: nodeName(index) }));
    const gostcol = await startGostcol({
      receiver: { auth: { tokens }, temporality: "delta" },
      ...(store ? { storeFolder: await temporaryFolder("store") } : {}),
    });
    const { receiver: port } = gostcol.ports;
    const shape = { protocol, port, nodes: NODES, clients: CLIENTS };

    // What it takes while nothing is refused, once it knows all series: so many senders that it never waits for one.
    const calm = createFlood({ ...shape, emittersPerNode: 1 });
    const warmUp = await calm.run(AS_MANY_AS_IT_TAKES, sleep(CAPACITY_MS));
    const capacity = await calm.run(AS_MANY_AS_IT_TAKES, sleep(CAPACITY_MS));
    const perSecond = capacity.taken / (CAPACITY_MS / 1000);

    const memory = watchMemory(gostcol);
    const statuses = sendStatuses(port);
    const flood = createFlood({ ...shape, emittersPerNode: EMITTERS_PER_NODE });
    const overload = await flood.run(10 * perSecond, sleep(LASTS_MS));
    const lostStatuses = await statuses.end();
    const residentMiB = await memory.end();
    report(`${protocol}, ${store ? "file_storage" : "memory"}`, { perSecond, overload, residentMiB, lostStatuses });

    // Answers keep coming, and nobody waits for as long as GOST's patience lasts.
    expect(overload.answeredBySecond.slice(0, LASTS_MS / 1000)).not.toContain(0);
    expect(overload.longestAnswerMs).toBeLessThan(5000);
    expect(overload.lost).toBe(0);
    // What cannot be sent again is refused last.
    expect(lostStatuses).toBe(0);
    // Memory is flat: it does not grow for as long as it lasts. In a few seconds the heap has not found its size yet.
    const half = residentMiB.length / 2;
    const [factor, extraMiB] = LASTS_MS >= 30_000 ? [1.25, 50] : [1.5, 200];
    expect(Math.max(...residentMiB.slice(half))).toBeLessThan(
      Math.max(...residentMiB.slice(0, half)) * factor + extraMiB,
    );
    // It recovers by itself, every report that was answered is counted, once, and each refusal has a reason.
    const calmAgain = await calm.run(50, sleep(1000));
    expect(calmAgain.refused + calmAgain.lost).toBe(0);
    expectCounted(await gostcol.scrape(), [calm, flood], { nodes: NODES, clients: CLIENTS });
    expect(await rejections(gostcol)).toBe(warmUp.refused + capacity.refused + overload.refused);
  },
);

async function rejections({ ports }: Gostcol): Promise<number> {
  const samples = parseMetricsText(await getText(`http://127.0.0.1:${ports.own}/metrics`));
  return select(samples, "gostcol_receiver_gost_rejected_total").reduce((sum, { value }) => sum + value, 0);
}

/** What the process holds of the machine's memory, in MiB, ten times a second. */
function watchMemory({ process }: Gostcol): { end(): Promise<readonly number[]> } {
  const samples: number[] = [];
  let running = true;
  const watching = (async () => {
    while (running) {
      const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${process.pid}/status`, "utf8"))!;
      samples.push((Number(kib) * 1024) / MIB);
      await sleep(100);
    }
  })();
  return {
    async end() {
      running = false;
      await watching;
      return samples;
    },
  };
}

/** Status events all the time, as services have them that come and go; says how many were not taken. */
function sendStatuses(port: number): { end(): Promise<number> } {
  let running = true;
  let lost = 0;
  const sending = (async () => {
    for (let number = 0; running; number++) {
      const status = { state: number % 2 === 0 ? "failed" : "ready", msg: `number ${number}` };
      const body = JSON.stringify({ events: [{ kind: "service", service: "tunnel", type: "status", status }] });
      const headers = { Authorization: `Bearer ${nodeName(0)}` };
      const answer = await fetch(`http://127.0.0.1:${port}/observer`, { method: "POST", body, headers });
      await answer.arrayBuffer();
      if (answer.status !== 200) lost++;
      await sleep(50);
    }
  })();
  return {
    async end() {
      running = false;
      await sending;
      return lost;
    },
  };
}

function report(
  name: string,
  figures: {
    readonly perSecond: number;
    readonly overload: FloodResult;
    readonly residentMiB: readonly number[];
    readonly lostStatuses: number;
  },
): void {
  const { perSecond, overload, residentMiB, lostStatuses } = figures;
  const { taken, refused, lost, longestAnswerMs, answeredBySecond } = overload;
  const least = Math.min(...answeredBySecond.slice(0, LASTS_MS / 1000));
  const range = `${Math.round(Math.min(...residentMiB))} to ${Math.round(Math.max(...residentMiB))}`;
  // biome-ignore lint/suspicious/noConsole: the figures of the run are its result.
  console.info(
    `${name}: takes ${Math.round(perSecond)} reports of ${CLIENTS} clients a second; at ten times that for ${LASTS_MS / 1000} s ` +
      `${taken} taken, ${refused} refused, ${lost} lost (${least} answers in the worst second), ${lostStatuses} statuses lost; ` +
      `longest answer ${Math.round(longestAnswerMs)} ms; ${range} MiB resident`,
  );
}
