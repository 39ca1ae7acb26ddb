import { expect, test } from "vitest";
import { type GostRig, startReceiver, stats, status } from "../../../test/support/gost-rig.ts";
import { Refusal } from "../../component/refusal.ts";
import { NEVER } from "../../lib/abort.ts";

const web = stats("service", "web", [1, 0, 5, 5, 0]);
const HOUR_MS = 3_600_000;

/** The states in which services were shown, in their order, as `web ready`. */
function states(agent: GostRig): string[] {
  return agent.points().flatMap((point) => {
    const [, service, state] =
      /^gost\.service\.state\{gost\.service\.name=(.*),gost\.service\.state=(.*)\} 1$/.exec(point) ?? [];
    return service === undefined ? [] : [`${service} ${state}`];
  });
}

/** What the store of a receiver holds that was told these states. */
async function storedAfter(...told: readonly (readonly [service: string, state: string])[]) {
  const stored = new Map<string, unknown>();
  const agent = await startReceiver({}, stored);
  for (const [service, state] of told) await agent.post([status(service, state)]);
  await agent.receiver.stop?.(NEVER);
  return stored;
}

test("a service that was ready is so again after a restart, once it is heard of", async () => {
  const stored = await storedAfter(["web", "running"], ["web", "ready"]);
  const agent = await startReceiver({}, stored);
  expect(states(agent)).toEqual([]);
  await agent.post([web]);
  await agent.post([web]);
  expect(states(agent)).toEqual(["web ready"]);
  await agent.clock.advanceAsync(60_000);
  expect(states(agent)).toEqual(["web ready", "web ready"]);
});

test.each(["running", "failed", "closed"])("one that was %s when it told its state last has none", async (last) => {
  const agent = await startReceiver({}, await storedAfter(["web", "ready"], ["web", last]));
  await agent.post([web]);
  expect(states(agent)).toEqual([]);
});

test("what a service tells now is its state, whatever it was before", async () => {
  const stored = await storedAfter(["web", "ready"]);
  const agent = await startReceiver({}, stored);
  await agent.post([status("web", "failed")]);
  await agent.post([web]);
  expect(states(agent)).toEqual(["web failed"]);
  expect(stored.size).toBe(0);
});

test("services of one name on two nodes are two", async () => {
  const agent = await startReceiver({}, await storedAfter(["web", "ready"]));
  await agent.post([web], "/observer?node=edge-2");
  expect(states(agent)).toEqual([]);
  await agent.post([web], "/observer?node=edge-1");
  expect(states(agent)).toEqual(["web ready"]);
});

test("where the report is refused it is said with what is taken next", async () => {
  const agent = await startReceiver({}, await storedAfter(["web", "ready"]));
  agent.refuse.consume = new Refusal("retryable", "queue_full", "not now");
  await agent.post([web]);
  delete agent.refuse.consume;
  await agent.post([web]);
  await agent.clock.advanceAsync(60_000);
  expect(states(agent)).toContain("web ready");
});

test("rows of services that do not come back are deleted after a day, and of those that are forgotten", async () => {
  const stored = await storedAfter(["web", "ready"], ["api", "ready"]);
  const agent = await startReceiver({}, stored);
  await agent.post([web]);
  await agent.clock.advanceAsync(23 * HOUR_MS);
  expect([...stored.keys()]).toEqual(['["edge-1","web"]', '["edge-1","api"]']);
  await agent.clock.advanceAsync(3 * HOUR_MS);
  expect([...stored.keys()]).toEqual(['["edge-1","web"]']);
  for (let sweep = 0; sweep < 3; sweep++) agent.table.sweep(1);
  await agent.clock.advanceAsync(HOUR_MS);
  expect(stored.size).toBe(0);
});
