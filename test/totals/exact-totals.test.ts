import fc from "fast-check";
import { expect, test } from "vitest";
import { dedupeProcessor } from "../../src/processors/dedupe/index.ts";
import { deltaToCumulativeProcessor } from "../../src/processors/delta_to_cumulative/index.ts";
import { shownName } from "../support/gost-streams.ts";
import { type ProcessorRig, processorRig } from "../support/processor-rig.ts";
import { EmitterModel, FATES, type Step } from "./emitter-model.ts";

const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        type: fc.constant("traffic" as const),
        client: fc.nat(2),
        received: fc.nat(50),
        transmitted: fc.nat(50),
      }),
    },
    { weight: 6, arbitrary: fc.record({ type: fc.constant("tick" as const), fate: fc.constantFrom(...FATES) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constantFrom("killed" as const, "reloaded" as const, "agent_restarted" as const),
      }),
    },
  ),
  { minLength: 20, maxLength: 120, size: "max" },
);

const both = () => processorRig([dedupeProcessor, {}], [deltaToCumulativeProcessor, {}]);

/** Lives through the steps; after each, no total may have fallen. */
async function live(all: readonly Step[], model: EmitterModel): Promise<ProcessorRig> {
  const rig = await both();
  const highest = new Map<string, number>();
  for (const step of all) {
    if (step.type === "agent_restarted") {
      model.agentRestarted();
      await rig.restart();
    } else model.step(step, rig);
    for (const [name, value] of rig.shown) {
      if (/^active|\.uncertain/.test(name)) continue;
      expect(value, name).toBeGreaterThanOrEqual(highest.get(name) ?? 0);
      highest.set(name, value);
    }
  }
  model.finish(rig);
  await rig.stop();
  return rig;
}

const bytes = ["received", "transmitted"] as const;

test.each(["delta", "cumulative"] as const)(
  "told %s: every report counts once, whatever happens to its answers",
  async (mode) => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        // After a reload the old instance may repeat an unread report, so an equal one of the new instance is not known from it.
        const told = mode === "delta" ? all.filter(({ type }) => type !== "reloaded") : all;
        const model = new EmitterModel(mode, true);
        const rig = await live(told, model);
        for (const [client, truth] of model.truth) {
          for (const member of ["conns", "errors", ...bytes] as const) {
            const shown = rig.shown.get(shownName(member, client));
            if (model.hasEqualReports) expect(shown ?? 0, `${member} of ${client}`).toBeLessThanOrEqual(truth[member]);
            else expect(shown, `${member} of ${client}`).toBe(truth[member]);
          }
          // What is left out as a repeat after a restart of the agent could have been news.
          if (rig.counters.get('gostcol_dedupe_dropped_reports{"reason":"assumed_repeat"}')!.value > 0) continue;
          for (const member of bytes) expect(rig.shown.get(shownName(`${member}.uncertain`, client))).toBe(0);
        }
      }),
      { numRuns: 120 },
    );
  },
);

test.each(["delta", "cumulative"] as const)(
  "not told, in truth %s: the truth lies between the total and what is uncertain of it",
  async (mode) => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const model = new EmitterModel(mode, false);
        const rig = await live(
          all.filter(({ type }) => type !== "reloaded"),
          model,
        );
        for (const [client, truth] of model.truth) {
          for (const member of bytes) {
            const shown = rig.shown.get(shownName(member, client))!;
            const uncertain = rig.shown.get(shownName(`${member}.uncertain`, client))!;
            expect(shown).toBeLessThanOrEqual(truth[member]);
            if (!model.hasEqualReports) expect(shown + uncertain).toBeGreaterThanOrEqual(truth[member]);
          }
        }
      }),
      { numRuns: 120 },
    );
  },
);

test("deliveries that are rolled back leave no trace: without them everything is shown alike", async () => {
  const tick = (fate: (typeof FATES)[number]): Step => ({ type: "tick", fate });
  await fc.assert(
    fc.asyncProperty(steps, fc.boolean(), async (all, told) => {
      const failing = all.map(
        (step): Step => (step.type === "tick" && step.fate !== "read" ? tick("rolled_back") : step),
      );
      const silent = failing.filter((step) => !(step.type === "tick" && step.fate === "rolled_back"));
      const [withFailures, without] = [new EmitterModel("delta", told), new EmitterModel("delta", told)];
      // A source that is refused keeps its report; so that both lives report the same, nothing is sampled in between.
      const settledBefore = (list: readonly Step[]) =>
        list.flatMap((step) => (step.type === "traffic" ? [step, tick("read")] : [step]));
      const one = await live(settledBefore(failing), withFailures);
      const other = await live(settledBefore(silent), without);
      for (const [name, value] of other.shown) {
        if (!name.startsWith("unreported")) expect(one.shown.get(name), name).toBe(value);
      }
    }),
    { numRuns: 40 },
  );
});
