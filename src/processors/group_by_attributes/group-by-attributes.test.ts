import { expect, test } from "vitest";
import { SAMPLES } from "../../../test/contract/batches.ts";
import { componentRig } from "../../../test/contract/rig.ts";
import { metricsBatch } from "../../../test/support/fake-components.ts";
import { report } from "../../../test/support/gost-streams.ts";
import { processorRig } from "../../../test/support/processor-rig.ts";
import { seededRandom } from "../../lib/random.ts";
import type { Attributes } from "../../model/attributes.ts";
import type { LogsBatch } from "../../model/log-records.ts";
import { allPoints, type MetricsBatch } from "../../model/points.ts";
import type { SeriesTable } from "../../model/series-table.ts";
import { deltaToCumulativeProcessor } from "../delta_to_cumulative/index.ts";
import { groupByAttributesProcessor } from "./index.ts";

function point(
  table: SeriesTable,
  value: number,
  [resource, attributes]: readonly [Attributes, Attributes],
  time = 1,
): MetricsBatch {
  const { series } = metricsBatch(1, table).points[0]!;
  const metric = table.metric({ ...series.metric, temporality: "cumulative", monotonic: true });
  const made = table.series(table.resource(resource), series.scope, metric, attributes);
  return { rows: [], points: [{ series: made, start: 1, time, value }] };
}

test("attributes move to the resource, and rows stay rows", async () => {
  const rig = await processorRig(
    [deltaToCumulativeProcessor, {}],
    [groupByAttributesProcessor, { keys: ["client", "none"] }],
  );
  rig.send(
    report(rig.table, rig.clock.now(), { alice: [1, 1, 100, 10, 0], "": [2, 1, 200, 20, 0] }, { told: "delta" }),
  );
  const [ofClient, ofService] = rig.left[0]!.rows;
  expect(ofClient!.series[0]).toMatchObject({
    resource: { attributes: { "service.name": "gost", client: "alice" } },
    attributes: { service: "web", kind: "handler" },
  });
  expect(ofClient!.values).toEqual([1, 1, 100, 10, 0]);
  expect(ofService!.series[0]!.resource.attributes).toEqual({ "service.name": "gost" });
});

test("log records move one by one, and without keys everything passes as it is", async () => {
  const moved = async (keys: readonly string[]) => {
    const rig = componentRig(groupByAttributesProcessor, groupByAttributesProcessor.config.parse({ keys }));
    const { records } = SAMPLES.find(({ name }) => name === "logs")!.batch(rig.series) as LogsBatch;
    await rig.consume("logs", { records: [{ ...records[0]!, attributes: { site: "fra", other: 1 } }] });
    const { resource, attributes } = (rig.handedOn[0] as LogsBatch).records[0]!;
    return [resource.attributes["site"], attributes];
  };
  expect(await moved(["site"])).toEqual(["fra", { other: 1 }]);
  expect(await moved([])).toEqual([undefined, { site: "fra", other: 1 }]);
});

test("series that become one are added up, in whatever order they come", async () => {
  const inResource: readonly [Attributes, Attributes] = [{ site: "fra" }, {}];
  const inAttributes: readonly [Attributes, Attributes] = [{}, { site: "fra" }];
  for (const first of [inResource, inAttributes]) {
    const second = first === inResource ? inAttributes : inResource;
    const rig = await processorRig([groupByAttributesProcessor, { keys: ["site"] }]);
    rig.send(point(rig.table, 70, first));
    rig.send(point(rig.table, 5, second));
    rig.send(point(rig.table, 80, first, 2));
    expect(rig.left.map((batch) => allPoints(batch).map(({ value }) => value))).toEqual([[70], [75], [85]]);
    await rig.restart();
    rig.send(point(rig.table, 6, second, 2));
    expect(allPoints(rig.left.at(-1)!)[0]!.value).toBe(86);
  }
});

test("whatever comes first, is refused or restarted, the one series is the sum of those that became it", async () => {
  const sources: readonly (readonly [Attributes, Attributes])[] = [
    [{ site: "fra" }, {}],
    [{}, { site: "fra" }],
    [{ site: "ams" }, { site: "fra" }],
  ];
  for (let seed = 1; seed <= 40; seed++) {
    const random = seededRandom(seed);
    const rig = await processorRig([groupByAttributesProcessor, { keys: ["site"] }]);
    const counted = sources.map(() => 0);
    const last = () => allPoints(rig.left.at(-1)!)[0]!.value as number;
    let shown = 0;
    for (let step = 1; step <= 40; step++) {
      const index = random.integer(sources.length);
      const value = counted[index]! + random.integer(100);
      const batch = point(rig.table, value, sources[index]!, step);
      if (random.float() < 0.25) rig.sendAndRollBack(batch);
      else {
        rig.send(batch);
        counted[index] = value;
        expect([seed, step, last()]).toEqual([seed, step, counted.reduce((one, other) => one + other)]);
        expect(last()).toBeGreaterThanOrEqual(shown);
        shown = last();
      }
      if (random.float() > 0.1) continue;
      await rig.restart();
      // As stored totals are sent on before anything else comes.
      for (const [which, total] of counted.entries()) {
        if (total > 0) rig.send(point(rig.table, total, sources[which]!, step));
      }
    }
    await rig.stop();
  }
});
