import { setTimeout as sleep } from "node:timers/promises";
import { findPeer, howToGet } from "../interop/harness/peers.ts";
import { type Agent, type ChainProcess, startChain } from "./collector-processes.ts";
import type { BenchPart, Figure } from "./figure.ts";
import { OtlpLoad, type OtlpShape, otlpSender } from "./otlp-load.ts";
import { startOtlpSink } from "./otlp-sink.ts";
import { cpuSeconds, residentMebibytes } from "./processes.ts";

const FEW: OtlpShape = { nodes: 1, seriesPerNode: 1_000 };
const MANY: OtlpShape = { nodes: 10, seriesPerNode: 10_000 };
/** Points and scrapes before the measurement, for V8 to compile what is called often, and in it. */
const WARM_UP_POINTS = 2_000_000;
const POINTS = 6_000_000;
const WARM_UP_SCRAPES = 5;
const SCRAPES = 5;
/** Garbage is collected for so long after it was made. */
const SETTLING_MS = 300;

/** Deltas over OTLP to totals, shown on a page and sent on over OTLP, beside the Collector on the same configuration. */
export const collector: BenchPart = {
  name: "collector",
  title: "OTLP to totals to Prometheus and OTLP, against the OpenTelemetry Collector",
  async run() {
    if (findPeer("otelcol") === undefined) throw new Error(howToGet(["otelcol"]));
    return [...(await compared(FEW, 6)), ...(await compared(MANY, 8))];
  },
};

async function compared(shape: OtlpShape, goal: number): Promise<Figure[]> {
  const series = shape.nodes * shape.seriesPerNode;
  const theirs = await measured("Collector", shape);
  const ours = await measured("gostcol", shape);
  const name = `OTLP chain, ${series.toLocaleString("en-US")} series`;
  const speed = [
    { name: `${name}: Collector`, value: theirs.pointsPerCpuSecond, unit: "points/CPU-s" },
    { name: `${name}: gostcol`, value: ours.pointsPerCpuSecond, unit: "points/CPU-s" },
    {
      name: `${name}: gostcol / Collector`,
      value: ours.pointsPerCpuSecond / theirs.pointsPerCpuSecond,
      unit: "x",
      goal: { atLeast: goal },
    },
  ];
  if (shape === FEW) return speed;
  return [
    ...speed,
    { name: `${name}: the Collector's scrape`, value: theirs.scrapeSeconds * 1000, unit: "CPU-ms" },
    { name: `${name}: our scrape`, value: ours.scrapeSeconds * 1000, unit: "CPU-ms" },
    {
      name: `${name}: the Collector's scrape / ours`,
      value: theirs.scrapeSeconds / ours.scrapeSeconds,
      unit: "x",
      goal: { atLeast: 50 },
    },
    { name: `${name}: Collector, resident after scrapes`, value: theirs.resident, unit: "MiB" },
    { name: `${name}: gostcol, resident after scrapes`, value: ours.resident, unit: "MiB", goal: { atMost: 250 } },
  ];
}

interface ChainFigures {
  readonly pointsPerCpuSecond: number;
  /** CPU seconds of one scrape. */
  readonly scrapeSeconds: number;
  /** In MiB. */
  readonly resident: number;
}

async function measured(agent: Agent, shape: OtlpShape): Promise<ChainFigures> {
  const load = new OtlpLoad(shape);
  const series = shape.nodes * shape.seriesPerNode;
  const sink = await startOtlpSink();
  const chain = await startChain(agent, sink.port);
  const sender = otlpSender(load, chain.port);
  let sent = 0;
  const send = async (rounds: number) => {
    await sender.send(rounds);
    sent += rounds * series;
    await sink.received(sent);
  };
  try {
    await send(WARM_UP_POINTS / series);
    const before = cpuSeconds(chain.pid);
    await send(POINTS / series);
    const used = cpuSeconds(chain.pid) - before;
    let scrapeSeconds = 0;
    for (let scrape = -WARM_UP_SCRAPES; scrape < SCRAPES; scrape++) {
      await send(1);
      const its = await cpuSecondsOfScrape(chain, { series, sum: load.sum });
      if (scrape >= 0) scrapeSeconds += its;
    }
    return {
      pointsPerCpuSecond: POINTS / used,
      scrapeSeconds: scrapeSeconds / SCRAPES,
      resident: residentMebibytes(chain.pid),
    };
  } catch (error) {
    throw new Error(`${agent}: ${error instanceof Error ? error.message : error}\n${chain.stderr()}`, { cause: error });
  } finally {
    sender.close();
    await chain.stop();
    await sink.close();
  }
}

/** With what it leaves to do, and without what the points before it left. Looks whether the page shows all that was sent, too. */
async function cpuSecondsOfScrape(
  { pid, metricsPort }: ChainProcess,
  expected: { readonly series: number; readonly sum: number },
): Promise<number> {
  await sleep(SETTLING_MS);
  const before = cpuSeconds(pid);
  const url = `http://127.0.0.1:${metricsPort}/metrics`;
  const answer = await fetch(url, { headers: { "accept-encoding": "identity" } });
  const text = await answer.text();
  await sleep(SETTLING_MS);
  const used = cpuSeconds(pid) - before;
  let series = 0;
  let sum = 0;
  for (const [, value] of text.matchAll(/^gost_client_.* (\S+)$/gm)) {
    series++;
    sum += Number(value);
  }
  if (series !== expected.series || sum !== expected.sum) {
    throw new Error(`the page shows ${series} series and a sum of ${sum}, not ${expected.series} and ${expected.sum}`);
  }
  return used;
}
