import { expect, test } from "vitest";
import { agentRig, checkedConfig } from "../../test/support/fake-agent.ts";
import { fakeWorld } from "../../test/support/fake-components.ts";
import type { Health } from "../component/status.ts";
import { NEVER } from "../lib/abort.ts";

const config = (text: string) => `
receivers: { in: }
exporters: { out: { text: ${text} } }
service: { pipelines: { metrics: { receivers: [in], exporters: [out] } } }
`;

/** An agent whose exporter is as the test says. */
async function watched() {
  const world = fakeWorld();
  let health: () => Promise<Health> = async () => ({ status: "ok" });
  world.script["out"] = { health: () => health() };
  const rig = await agentRig(config("a"), world.registry);
  await rig.agent.start(NEVER);
  return {
    ...rig,
    world,
    async becomes(next: () => Promise<Health>) {
      health = next;
      await rig.clock.advanceAsync(20_000);
    },
    lines: () => rig.logged.filter(({ msg }) => String(msg).includes("health")).map(({ msg, reason }) => [msg, reason]),
    shown: () =>
      ["ok", "degraded", "failed"].filter(
        (health) => rig.agent.meters.total("gostcol_component_health", { exporter: "out", health }) === 1,
      ),
  };
}

test("what a component says of its health is a metric all the while, and a line in the log when it changes", async () => {
  const { agent, becomes, lines, shown } = await watched();
  expect(shown()).toEqual(["ok"]);
  await becomes(async () => ({ status: "failed", message: "the disk is full" }));
  expect(shown()).toEqual(["failed"]);
  await becomes(async () => ({ status: "failed", message: "the disk is full" }));
  await becomes(async () => ({ status: "ok" }));
  expect(shown()).toEqual(["ok"]);
  expect(lines()).toEqual([
    ["its health is failed", "the disk is full"],
    ["its health is ok again", undefined],
  ]);
  await agent.stop();
  expect(shown()).toEqual([]);
});

test("who does not answer, or fails at it, is degraded, and holds up nobody else's", async () => {
  const { agent, becomes, lines, shown } = await watched();
  await becomes(() => new Promise(() => {}));
  expect(shown()).toEqual(["degraded"]);
  await becomes(() => Promise.reject(new Error("a bug")));
  expect(lines()).toEqual([["its health is degraded", "to say how it is took longer than 2000 ms"]]);
  expect(agent.meters.total("gostcol_component_health", { receiver: "in", health: "ok" })).toBe(1);
  await agent.stop();
});

test("a reload watches who is new, and no more who left", async () => {
  const { agent, world, clock, shown } = await watched();
  await agent.reload(await checkedConfig(config("b"), world.registry));
  await clock.advanceAsync(20_000);
  expect(shown()).toEqual(["ok"]);
  await agent.stop();
});
