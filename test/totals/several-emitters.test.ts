import fc from "fast-check";
import { expect, test } from "vitest";
import { deltaToCumulativeProcessor } from "../../src/processors/delta_to_cumulative/index.ts";
import { shownName } from "../support/gost-streams.ts";
import { type ProcessorRig, processorRig } from "../support/processor-rig.ts";
import { SeveralEmitters, type Step } from "./several-emitters-model.ts";

const emitter = fc.nat(11);
const client = fc.nat(1);
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ type: fc.constant("opened" as const), emitter, client }) },
    { weight: 4, arbitrary: fc.record({ type: fc.constant("closed" as const), emitter, client }) },
    { weight: 8, arbitrary: fc.record({ type: fc.constant("moved" as const), emitter, client, bytes: fc.nat(50) }) },
    {
      weight: 8,
      arbitrary: fc.record({
        type: fc.constant("tick" as const),
        emitters: fc.array(emitter, { minLength: 1, maxLength: 6 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constantFrom("reloaded" as const, "killed" as const) }) },
  ),
  { minLength: 20, maxLength: 150, size: "max" },
);

const shown = (rig: ProcessorRig, member: string, client: string) => rig.shown.get(shownName(member, client)) ?? 0;

/** Lives through the steps; `check` after each. */
async function live(
  all: readonly Step[],
  make: (rig: ProcessorRig) => SeveralEmitters,
  check: Check,
  restarts = false,
) {
  const rig = await processorRig([deltaToCumulativeProcessor, {}]);
  const model = make(rig);
  const highest = new Map<string, number>();
  for (const [index, step] of all.entries()) {
    model.step(step);
    if (restarts && index % 10 === 9) await rig.restart();
    for (const client of ["alice", "bob"]) {
      check(rig, model, client);
      for (const member of ["conns", "received"]) {
        const value = shown(rig, member, client);
        expect(value, `${member} of ${client} fell`).toBeGreaterThanOrEqual(highest.get(member + client) ?? 0);
        highest.set(member + client, value);
      }
    }
  }
  await rig.stop();
}

type Check = (rig: ProcessorRig, model: SeveralEmitters, client: string) => void;

const within: Check = (rig, model, client) => {
  const truth = model.truth(client);
  expect(shown(rig, "conns", client), `connections of ${client}`).toBeLessThanOrEqual(truth.conns);
  const received = shown(rig, "received", client);
  expect(received, `bytes of ${client}`).toBeLessThanOrEqual(truth.received);
  expect(received + shown(rig, "received.uncertain", client), `with what is uncertain`).toBeGreaterThanOrEqual(
    truth.received,
  );
};

/** More instances than are told apart are another matter. */
function withFewReloads(all: readonly Step[]): readonly Step[] {
  let reloads = 0;
  return all.filter(({ type }) => {
    if (type === "killed") reloads = 0;
    return type !== "reloaded" || ++reloads < 4;
  });
}

test.each([1, 2, 3])(
  "told cumulative, %i emitters: the truth lies between the total and what is uncertain of it",
  async (emitters) => {
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), async (all, restarts) => {
        const make = (rig: ProcessorRig) => new SeveralEmitters("cumulative", { rig, emitters, told: true });
        await live(withFewReloads(all), make, within, restarts);
      }),
      { numRuns: 100 },
    );
  },
);

test.each(["cumulative", "delta"] as const)(
  "told %s, where connections are counted as they are accepted: within what is uncertain",
  async (mode) => {
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), async (all, restarts) => {
        const make = (rig: ProcessorRig) => new SeveralEmitters(mode, { rig, emitters: 1, told: true, accepts: true });
        await live(withFewReloads(all), make, within, restarts);
      }),
      { numRuns: 100 },
    );
  },
);

test.each([1, 3])("told deltas, %i emitters: bytes are exact, and connections never too many", async (emitters) => {
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const make = (rig: ProcessorRig) => new SeveralEmitters("delta", { rig, emitters, told: true });
      await live(withFewReloads(all), make, (rig, model, client) => {
        const truth = model.truth(client);
        expect(shown(rig, "received", client)).toBe(truth.received);
        expect(shown(rig, "received.uncertain", client)).toBe(0);
        expect(shown(rig, "conns", client)).toBeLessThanOrEqual(truth.conns);
      });
    }),
    { numRuns: 100 },
  );
});

test.each(["delta", "cumulative"] as const)(
  "not told, in truth %s, 3 emitters: within what is uncertain",
  async (mode) => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const make = (rig: ProcessorRig) => new SeveralEmitters(mode, { rig, emitters: 3, told: false });
        await live(withFewReloads(all), make, within);
      }),
      { numRuns: 100 },
    );
  },
);
