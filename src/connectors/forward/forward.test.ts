import { expect, test } from "vitest";
import { componentRig } from "../../../test/contract/rig.ts";
import { metricsBatch } from "../../../test/support/fake-components.ts";
import { Refusal } from "../../component/refusal.ts";
import type { MetricsBatch } from "../../model/points.ts";
import { forwardConnector } from "./index.ts";

test("what comes goes on as it came, and what refuses it behind is heard in front", async () => {
  const rig = componentRig(forwardConnector, {});
  const batch = metricsBatch(2, rig.series);
  expect(await rig.consume("metrics", batch)).toEqual({ taken: true });
  expect(rig.handedOn[0]).toBe(batch);
  rig.nextDoes = () => {
    throw new Refusal("retryable", "queue_full", "full");
  };
  expect(await rig.consume("metrics", batch)).toMatchObject({ taken: false });
});

test("those behind it are asked to examine the same batch", () => {
  const refusal = new Refusal("retryable", "in_doubt", "in doubt");
  const asked: MetricsBatch[] = [];
  const metrics = {
    consume() {},
    examine(batch: MetricsBatch) {
      asked.push(batch);
      return refusal;
    },
  };
  const { deps } = componentRig(forwardConnector, {});
  const connector = forwardConnector.create({}, deps, { metrics, pipeline: () => undefined });
  const batch = metricsBatch(1);
  expect(connector.metrics!.examine!(batch)).toBe(refusal);
  expect(asked).toEqual([batch]);
  expect(connector.logs!.examine!({ records: [] })).toBeUndefined();
});
