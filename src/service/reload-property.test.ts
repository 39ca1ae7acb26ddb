import fc from "fast-check";
import { expect, it } from "vitest";
import { agentRig, checkedConfig } from "../../test/support/fake-agent.ts";
import { type FakeWorld, fakeWorld, metricsBatch, send } from "../../test/support/fake-components.ts";
import type { Outcome } from "../component/delivery.ts";
import { NEVER } from "../lib/abort.ts";

const RECEIVERS = ["in", "in/2"];
const PROCESSORS = ["change", "pass", "pass/2"];
const EXPORTERS = ["out", "out/2", "out/3"];

interface Drawn {
  readonly receivers: readonly string[];
  readonly processors: readonly string[];
  readonly exporters: readonly string[];
  readonly joined: boolean;
  /** By id; a change of it changes the component. */
  readonly texts: readonly string[];
  /** The exporter that owns the one file, if any of these. */
  readonly holder: string;
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  receivers: fc.shuffledSubarray(RECEIVERS, { minLength: 1 }),
  processors: fc.shuffledSubarray(PROCESSORS),
  exporters: fc.shuffledSubarray(EXPORTERS, { minLength: 1 }),
  joined: fc.boolean(),
  texts: fc.array(fc.constantFrom("a", "b"), { minLength: 8, maxLength: 8 }),
  holder: fc.constantFrom("", ...EXPORTERS),
});

/** Somebody who fails at some step, the first time. */
const failure = fc.option(
  fc.record({
    id: fc.constantFrom(...RECEIVERS, ...PROCESSORS, ...EXPORTERS),
    step: fc.constantFrom("load", "start", "restore"),
  }),
  { freq: 2 },
);

function yaml({ receivers, processors, exporters, joined, texts, holder }: Drawn): string {
  const text = (id: string) => `text: "${texts[[...RECEIVERS, ...PROCESSORS, ...EXPORTERS].indexOf(id)]}"`;
  const section = (ids: readonly string[]) => ids.map((id) => `${id}: { ${text(id)} }`).join(", ");
  const shown = exporters.map((id) => `${id}: { ${text(id)}${id === holder ? ', file: "/f"' : ""} }`).join(", ");
  const [first, ...others] = exporters;
  const ends = joined ? ["join", first] : exporters;
  const second = `metrics/2: { receivers: [join], exporters: [${[...others, first].join(", ")}] }`;
  return `
receivers: { ${section(receivers)} }
processors: { ${section(processors)} }
exporters: { ${shown} }
connectors: { join: }
service:
  pipelines:
    metrics: { receivers: [${receivers.join(", ")}], processors: [${processors.join(", ")}], exporters: [${ends.join(", ")}] }
    ${joined ? second : ""}
`;
}

/** Where a batch of each receiver goes. */
function ways(world: FakeWorld, { receivers }: Drawn): readonly string[] {
  world.journal.length = 0;
  for (const id of receivers) expect(send(world, metricsBatch(1), id)).toEqual({ taken: true });
  return world.journal.filter((entry) => entry.startsWith("consume"));
}

async function waysOfFresh(config: Drawn): Promise<readonly string[]> {
  const world = fakeWorld();
  const { agent } = await agentRig(yaml(config), world.registry);
  await agent.start(NEVER);
  const found = ways(world, config);
  await agent.stop();
  return found;
}

it("after any reloads, some of which fail, an agent is as one that was started with the last that did not", {
  timeout: 60_000,
}, async () => {
  const step = fc.record({ config: drawn, failure, inFlight: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(drawn, fc.array(step, { minLength: 1, maxLength: 6 }), async (initial, steps) => {
      const world = fakeWorld();
      const { agent, clock } = await agentRig(yaml(initial), world.registry);
      await agent.start(NEVER);
      let last = initial;
      for (const { config, failure, inFlight } of steps) {
        for (const id of Object.keys(world.script)) delete world.script[id];
        let failed = false;
        if (failure !== null) {
          world.script[failure.id] = {
            async [failure.step]() {
              if (failed) return;
              failed = true;
              throw new Error("not now");
            },
          };
        }
        const way = Promise.withResolvers<void>();
        const [sender] = last.receivers;
        const { deps, next } = world.receivers.get(sender!)!;
        const origin = { peer: { address: "", transport: "http" as const }, upperBound: { items: 1, bytes: 1 } };
        const outcomes: (Outcome | Promise<Outcome>)[] = [];
        const deliver = () =>
          deps.deliver({ ...origin, signal: NEVER }, (delivery) => next.metrics!.consume(metricsBatch(1), delivery));
        if (inFlight) {
          outcomes.push(
            deps.deliver({ ...origin, signal: NEVER }, async (delivery) => {
              await way.promise;
              await next.metrics!.consume(metricsBatch(1), delivery);
            }),
          );
        }
        const reloading = agent.reload(await checkedConfig(yaml(config), world.registry)).then(
          () => {
            expect(failed).toBe(false);
            last = config;
          },
          () => expect(failed).toBe(true),
        );
        for (let turn = 0; turn < 30; turn++) {
          if (turn % 10 === 0) outcomes.push(deliver());
          await Promise.resolve();
        }
        way.resolve();
        await reloading;
        // Whoever left has been stopped, and refuses nothing of what came before.
        const stayed = world.live.get(deps) === `receiver:${sender}`;
        for (const outcome of await Promise.all(outcomes)) if (stayed) expect(outcome).toEqual({ taken: true });
        if (stayed) expect(world.journal.filter((entry) => entry.startsWith("BUG"))).toEqual([]);
        for (const id of Object.keys(world.script)) delete world.script[id];
        const names = [...agent.statuses.keys()].map((key) => key.replace(/@.*/, ""));
        const live = [...world.live.values()].map((name) => name.replace(/^(change|pass):/, "processor:"));
        expect(live.toSorted()).toEqual(names.toSorted());
        expect([...agent.statuses.values()].every(({ state }) => state === "ok")).toBe(true);
        expect(ways(world, last)).toEqual(await waysOfFresh(last));
      }
      await agent.stop();
      expect(world.live.size).toBe(0);
      expect(clock.liveTimers).toBe(0);
    }),
    { numRuns: 300 },
  );
});
