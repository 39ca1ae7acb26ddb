import fc from "fast-check";
import { expect, test } from "vitest";
import { type ExporterRig, exporterRig } from "../../../test/support/exporter-rig.ts";
import { pointsOf, Row } from "../../model/points.ts";
import type { Metric, Series, Source, Stream } from "../../model/series.ts";
import { prometheusExporter } from "./index.ts";

const METRIC = { name: "io", unit: "By", description: "", type: "sum", monotonic: true, number: "int" } as const;
const SOURCE: Source = { key: "edge-1/handler/web", node: "edge-1", kind: "handler", service: "web" };
const MINUTE_MS = 60_000;

interface List {
  readonly series: readonly Series[];
  readonly stream: Stream | undefined;
}

/**
 * Lists of series: some share series, some have others that Prometheus cannot tell from them, and some were made for one
 * stream.
 */
function listsOf({ table }: ExporterRig): readonly List[] {
  const series = (name: string, described: string, temporality: Metric["temporality"] = "cumulative") =>
    table.series(
      table.resource({ "service.name": "gost", "service.instance.id": "edge-1", described }),
      table.scope("test"),
      table.metric({ ...METRIC, name, temporality }),
      {},
    );
  const [a, b, c] = [series("a", "once"), series("b", "once"), series("c", "once")];
  const [one, another] = ["one", "another"].map((client) =>
    table.stream(client, SOURCE, client, [
      {
        resource: a.resource,
        scope: a.scope,
        metric: table.metric({ ...METRIC, name: "reported", temporality: "delta" }),
        attributes: { client },
        behaviour: "by_mode",
      },
    ]),
  );
  return [
    { series: [a, b, c], stream: one },
    { series: [a, b, c], stream: one },
    { series: [b, c], stream: undefined },
    { series: [series("d", "once"), series("e", "once", "delta")], stream: another },
    { series: [series("a", "anew"), series("b", "anew"), series("d", "once")], stream: another },
  ];
}

type Step =
  | { readonly type: "row"; readonly list: number; readonly values: readonly number[]; readonly late: boolean }
  | { readonly type: "point"; readonly list: number; readonly value: number; readonly gone: boolean }
  | { readonly type: "scrape" | "sweep" }
  | { readonly type: "wait"; readonly ms: number };

const LIST = fc.integer({ min: 0, max: 4 });
const VALUE = fc.integer({ min: 0, max: 9 });
const STEP: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("row"),
      list: LIST,
      values: fc.array(fc.option(VALUE, { nil: Number.NaN, freq: 5 }), { minLength: 3, maxLength: 3 }),
      late: fc.boolean(),
    }),
  },
  fc.record({ type: fc.constant("point"), list: LIST, value: VALUE, gone: fc.boolean() }),
  { weight: 2, arbitrary: fc.record({ type: fc.constant("scrape") }) },
  fc.record({ type: fc.constant("sweep") }),
  fc.record({ type: fc.constant("wait"), ms: fc.integer({ min: 1, max: 2 * MINUTE_MS }) }),
);

/** What scrapes show; with `asPoints`, of exporters that get the same as points. */
async function shown(steps: readonly Step[], asPoints: boolean): Promise<readonly string[]> {
  const rig = await exporterRig(prometheusExporter, { metric_expiration: "3m", send_timestamps: true });
  let lists = listsOf(rig);
  const pages: string[] = [];
  const scrape = async () => {
    const { text } = await rig.network.server().connect().send({ method: "GET", path: "/metrics" });
    pages.push(text.split("\n").sort().join("\n"));
  };
  for (const step of steps) {
    const time = rig.clock.now();
    switch (step.type) {
      case "row": {
        const { series, stream } = lists[step.list]!;
        const values = step.values.slice(0, series.length);
        const row = new Row(series, 1000, step.late ? time - MINUTE_MS : time, values, stream);
        const batch = asPoints ? { rows: [], points: pointsOf(row) } : { rows: [row], points: [] };
        rig.send("metrics", batch);
        break;
      }
      case "point": {
        const extra = step.gone ? { extra: { noRecordedValue: true } } : {};
        const point = { series: lists[step.list]!.series[0]!, start: 1000, time, value: step.value, ...extra };
        rig.send("metrics", { rows: [], points: [point] });
        break;
      }
      case "scrape":
        await scrape();
        break;
      case "sweep":
        rig.table.sweep(0);
        lists = listsOf(rig);
        break;
      case "wait":
        rig.clock.advance(step.ms);
        break;
      default:
        step satisfies never;
    }
  }
  await scrape();
  await rig.stop();
  return pages;
}

test("rows that wait until somebody looks show what they would have shown at once, as points", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { maxLength: 30 }), async (steps) => {
      expect(await shown(steps, false)).toEqual(await shown(steps, true));
    }),
    { numRuns: 300 },
  );
});
