import { expect, test } from "vitest";
import { SAMPLES } from "../../../test/contract/batches.ts";
import { componentRig } from "../../../test/contract/rig.ts";
import { report } from "../../../test/support/gost-streams.ts";
import type { LogsBatch } from "../../model/log-records.ts";
import { allPoints, type MetricsBatch } from "../../model/points.ts";
import type { Batches, Signal } from "../../model/signal.ts";
import type { TracesBatch } from "../../model/spans.ts";
import { attributesProcessor } from "./index.ts";

const ACTIONS = [{ action: "upsert", key: "added", value: "yes" }];

function rigWith(config: object) {
  const rig = componentRig(attributesProcessor, attributesProcessor.config.parse(config));
  const sent = async <B extends Batches[Signal]>(signal: Signal, batch: B): Promise<B> => {
    expect(await rig.consume(signal, batch)).toEqual({ taken: true });
    return rig.handedOn.at(-1) as B;
  };
  const sample = (name: string) => SAMPLES.find((sample) => sample.name === name)!.batch(rig.series);
  return { rig, sent, sample };
}

test("data points, spans and log records get the attribute, in rows as well", async () => {
  const { rig, sent, sample } = rigWith({ actions: ACTIONS });
  const both = {
    ...report(rig.series, 1_000, { alice: [1, 2, 3, 4, 5] }),
    points: (sample("metrics") as MetricsBatch).points,
  };
  const metrics = await sent("metrics", both);
  expect(allPoints(metrics).map(({ series }) => series.attributes["added"])).toEqual(Array(8).fill("yes"));
  expect(metrics.source).toBe(both.source);
  expect(allPoints(metrics).map(({ value }) => value)).toEqual(allPoints(both).map(({ value }) => value));
  const traces = await sent("traces", sample("traces") as TracesBatch);
  expect(traces.spans[0]!.attributes).toEqual({ "network.protocol.name": "http", added: "yes" });
  const logs = await sent("logs", sample("logs") as LogsBatch);
  expect(logs.records[0]!.attributes).toEqual({ added: "yes" });
});

const only = (signal: Signal, selection: object) => [signal, selection] as const;

test.each([
  only("metrics", { match_type: "strict", services: ["other", "test"] }),
  only("metrics", { match_type: "regexp", services: ["^te"], metric_names: ["bytes$"] }),
  only("metrics", {
    match_type: "strict",
    attributes: [{ key: "index" }],
    resources: [{ key: "service.name", value: "test" }],
  }),
  only("traces", { match_type: "strict", span_names: ["a span"] }),
  only("traces", { match_type: "regexp", attributes: [{ key: "network.protocol.name", value: "^h.*p$" }] }),
  only("logs", { match_type: "regexp", log_bodies: ["record"] }),
])("of %s what %o matches is included, or excluded", async (signal, selection) => {
  const added = async (config: object) => {
    const { sent, sample } = rigWith({ actions: ACTIONS, ...config });
    return JSON.stringify(await sent(signal, sample(signal)), (_, value) =>
      typeof value === "bigint" ? "" : value,
    ).includes("added");
  };
  expect(await added({ include: selection })).toBe(true);
  expect(await added({ exclude: selection })).toBe(false);
});

test.each([
  only("metrics", { match_type: "strict", services: ["tes"] }),
  only("metrics", { match_type: "strict", span_names: ["test.bytes"] }),
  only("metrics", { match_type: "strict", services: ["test"], metric_names: ["other"] }),
  only("metrics", { match_type: "strict", attributes: [{ key: "index", value: "0" }] }),
  only("metrics", { match_type: "strict", attributes: [{ key: "toString" }] }),
  only("logs", { match_type: "regexp", span_names: ["."] }),
])("of %s nothing matches %o", async (signal, selection) => {
  const { sent, sample } = rigWith({ actions: ACTIONS, include: selection });
  expect(
    JSON.stringify(await sent(signal, sample(signal)), (_, value) => (typeof value === "bigint" ? "" : value)),
  ).not.toContain("added");
});

test("a selection that says nothing and one with a bad pattern are mistakes", () => {
  const issuesOf = (include: object) =>
    attributesProcessor.config.safeParse({ actions: ACTIONS, include }).error?.issues;
  expect(issuesOf({ match_type: "strict" })).toMatchObject([{ path: ["include"], params: { code: "missing_option" } }]);
  expect(issuesOf({ match_type: "regexp", services: ["("] })).toMatchObject([{ params: { code: "bad_expression" } }]);
});
