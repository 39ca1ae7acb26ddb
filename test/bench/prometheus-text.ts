import { Counter, Registry } from "prom-client";
import { Family } from "../../src/kit/prometheus/family.ts";
import { CLASSIC_TEXT } from "../../src/kit/prometheus/format.ts";
import { labelsFrom } from "../../src/kit/prometheus/labels.ts";
import { writeFamilies } from "../../src/kit/prometheus/write.ts";
import { type BenchPart, type Figure, figureTable, median } from "./figure.ts";

const CLIENTS = 50_000;
const DIRECTIONS = ["receive", "transmit"];
const SERIES = CLIENTS * DIRECTIONS.length;
const SCRAPES = 15;
const WARM_UP = 5;
const NAME = "gost_client_io_bytes_total";
const OPTIONS = { format: CLASSIC_TEXT, timestamps: false, created: false };

/** A scrape of many series whose values all changed since the last one, ours and prom-client's in turns. */
export const prometheusText: BenchPart = {
  name: "scrape",
  title: `/metrics of ${SERIES.toLocaleString("en-US")} series, all of them changed`,
  async run() {
    const ours = ourSeries();
    const theirs = promClientSeries();
    const oursMs: number[] = [];
    const theirsMs: number[] = [];
    for (let scrape = 0; scrape < WARM_UP + SCRAPES; scrape++) {
      const [our, their] = [await timed(ours, scrape), await timed(theirs, scrape)];
      if (scrape < WARM_UP) continue;
      oursMs.push(our);
      theirsMs.push(their);
    }
    return [
      { name: "scrape: our text writer", value: median(oursMs), unit: "ms" },
      { name: "scrape: prom-client", value: median(theirsMs), unit: "ms" },
      {
        name: "scrape: ours to prom-client's time",
        value: median(oursMs) / median(theirsMs),
        unit: "",
        goal: { atMost: 0.1 },
      },
    ] satisfies Figure[];
  },
};

/** The same on its own, printed. */
export async function run(): Promise<void> {
  process.stdout.write(`${figureTable(await prometheusText.run())}\n`);
}

interface Scraped {
  change(by: number): void;
  /** The length of the text, so that nothing of it can be left out. */
  scrape(): number | Promise<number>;
}

async function timed(scraped: Scraped, by: number): Promise<number> {
  scraped.change(by);
  const begun = performance.now();
  const length = await scraped.scrape();
  const took = performance.now() - begun;
  if (length < SERIES * NAME.length) throw new Error("the text is too short to be true");
  return took;
}

function ourSeries(): Scraped {
  const family = new Family({ name: NAME, type: "counter", help: "Bytes", unit: "bytes" });
  for (const labels of allLabels()) family.add(labelsFrom(Object.entries(labels)));
  let memory: Buffer = Buffer.alloc(0);
  return {
    change(by) {
      for (let position = 0; position < family.size; position++) {
        family.show(position, (family.value(position) as number) + by * 1_000_003, 0, 0);
      }
    },
    scrape() {
      const text = writeFamilies([family], OPTIONS, memory);
      memory = Buffer.from(text.buffer);
      return text.length;
    },
  };
}

function promClientSeries(): Scraped {
  const registry = new Registry();
  const labelNames = ["gost_client_id", "gost_service_name", "instance", "job", "network_io_direction"] as const;
  const counter = new Counter({ name: NAME, help: "Bytes", labelNames, registers: [registry] });
  const children = [...allLabels()].map((labels) => counter.labels(labels));
  return {
    change(by) {
      for (const child of children) child.inc(by * 1_000_003);
    },
    scrape: async () => Buffer.from(await registry.metrics()).length,
  };
}

function* allLabels() {
  for (let client = 0; client < CLIENTS; client++) {
    for (const network_io_direction of DIRECTIONS) {
      yield {
        gost_client_id: `client-${client}`,
        gost_service_name: `service-${client % 20}`,
        instance: `edge-${client % 50}`,
        job: "gost",
        network_io_direction,
      };
    }
  }
}
