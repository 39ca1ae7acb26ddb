import { describe, expect, it } from "vitest";
import type { AnyDefinition } from "../../src/component/define.ts";
import type { Outcome } from "../../src/component/delivery.ts";
import { Refusal } from "../../src/component/refusal.ts";
import { NEVER } from "../../src/lib/abort.ts";
import type { Signal } from "../../src/model/signal.ts";
import { SAMPLES, seenIn } from "./batches.ts";
import { type ComponentRig, componentRig, type Leftovers } from "./rig.ts";

export interface ContractCase {
  /** As a user would write it; by default nothing, which every component should be content with. */
  readonly config?: object;
  /** Brings a receiver data as its senders do. Resolves with whether it was told that it was taken. */
  readonly send?: (rig: ComponentRig) => Promise<boolean>;
}

export const NOTHING_LEFT: Leftovers = { timers: 0, servers: 0, clients: 0, calls: 0 };
const NOT_NOW = new Refusal("retryable", "queue_full", "the queue is full");

/** What holds for every component, whatever it does: src/component is the specification. */
export function contractSuite(definition: AnyDefinition, { config: written = {}, send }: ContractCase = {}): void {
  const config = definition.config.parse(written);
  const rigged = () => componentRig(definition, config);
  const started = async () => {
    const rig = rigged();
    await rig.instance.load?.(NEVER);
    await rig.instance.start?.(NEVER);
    return rig;
  };
  const stopped = async (rig: ComponentRig) => {
    await rig.instance.stop?.(NEVER);
    return rig;
  };

  describe(`${definition.kind} ${definition.type}`, () => {
    it("touches nothing of the world when it is made", () => {
      const rig = rigged();
      expect(rig.leftovers()).toEqual(NOTHING_LEFT);
      expect([rig.printed, rig.handedOn, rig.network.servers, rig.loads()]).toEqual([[], [], [], 0]);
    });

    it.each([
      "stop",
      "stop stop",
      "load stop",
      "start stop",
      "load start stop stop",
      "load start restore stop",
      "load restore start stop stop",
    ])("leaves no timer and no socket behind after %s", async (steps) => {
      const rig = rigged();
      for (const step of steps.split(" ") as ("load" | "start" | "restore" | "stop")[]) {
        await rig.instance[step]?.(NEVER);
      }
      expect(rig.leftovers()).toEqual(NOTHING_LEFT);
    });

    it("does nothing more once it is stopped, however much time goes by", async () => {
      const rig = await stopped(await started());
      const before = [rig.printed.length, rig.handedOn.length];
      await rig.clock.advanceAsync(3_600_000);
      expect([rig.printed.length, rig.handedOn.length]).toEqual(before);
      expect(rig.leftovers()).toEqual(NOTHING_LEFT);
    });

    it("can be stopped twice at once, and at a deadline that is over", async () => {
      const rig = await started();
      await Promise.all([rig.instance.stop?.(NEVER), rig.instance.stop?.(AbortSignal.abort(new Error("late")))]);
      expect(rig.leftovers()).toEqual(NOTHING_LEFT);
    });

    it("leaves nothing behind when its start is given up, whether that came before or after it was done", async () => {
      for (const givenUp of ["before", "after"] as const) {
        const rig = rigged();
        const controller = new AbortController();
        if (givenUp === "before") controller.abort(new Error("given up"));
        await rig.instance.load?.(NEVER);
        const starting = rig.instance.start?.(controller.signal).catch(() => {});
        if (givenUp === "after") controller.abort(new Error("given up"));
        await starting;
        await stopped(rig);
        expect(rig.leftovers(), givenUp).toEqual(NOTHING_LEFT);
      }
    });

    if (definition.kind === "receiver" && send !== undefined) {
      it("says that it took what its pipelines took, and not what they refused", async () => {
        const rig = await started();
        expect(await send(rig)).toBe(true);
        expect(rig.handedOn.length).toBeGreaterThan(0);
        const before = rig.handedOn.length;
        rig.nextDoes = () => {
          throw NOT_NOW;
        };
        expect(await send(rig)).toBe(false);
        expect(rig.handedOn.length).toBe(before);
        await stopped(rig);
        expect(rig.leftovers()).toEqual(NOTHING_LEFT);
      });
    }

    for (const { name, signal, batch } of SAMPLES.filter(({ signal }) => takes(definition, signal))) {
      it(`takes ${name} without changing the batch`, async () => {
        const rig = await started();
        const frozen = batch(rig.series);
        const before = seenIn([frozen]);
        expect(await rig.consume(signal, frozen)).toEqual({ taken: true });
        expect(seenIn([frozen])).toEqual(before);
        await stopped(rig);
      });

      it(`shows nothing of ${name} whose delivery is refused after it took them`, async () => {
        const rig = await started();
        const before = await visible(rig);
        const outcome = await rig.consume(signal, batch(rig.series), () => {
          throw NOT_NOW;
        });
        expect(outcome).toEqual({ taken: false, refusal: NOT_NOW });
        expect(await visible(rig)).toEqual(before);
        await stopped(rig);
      });

      it(`is after refused ${name} what it was before`, async () => {
        const [rig, fresh] = [await started(), await started()];
        await rig.consume(signal, batch(rig.series), () => {
          throw NOT_NOW;
        });
        for (const one of [rig, fresh]) {
          expect(await one.consume(signal, batch(one.series))).toEqual({ taken: true });
        }
        expect(seenIn(rig.handedOn)).toEqual(seenIn(fresh.handedOn));
        expect(await visible(rig)).toEqual(await visible(fresh));
        await Promise.all([stopped(rig), stopped(fresh)]);
      });

      if (definition.kind === "processor" || definition.kind === "connector") {
        it(`passes on the refusal of ${name} by whoever comes next`, async () => {
          const rig = await started();
          let asked = false;
          rig.nextDoes = () => {
            asked = true;
            throw NOT_NOW;
          };
          const outcome: Outcome = await rig.consume(signal, batch(rig.series));
          // It may keep what it got for later; what it hands on at once must not be lost.
          expect(outcome).toEqual(asked ? { taken: false, refusal: NOT_NOW } : { taken: true });
          expect(rig.handedOn).toEqual([]);
          rig.nextDoes = () => {};
          await stopped(rig);
        });
      }
    }
  });
}

function takes(definition: AnyDefinition, signal: Signal): boolean {
  if (definition.kind === "connector") return definition.routes.some(({ from }) => from === signal);
  return definition.kind !== "receiver" && "signals" in definition && definition.signals[signal] !== undefined;
}

/** Everything that somebody outside could see: what was printed, and what the component's servers show. */
async function visible(rig: ComponentRig): Promise<unknown> {
  const pages: string[] = [];
  for (const server of rig.network.servers.filter(({ closed }) => !closed)) {
    const connection = server.connect();
    pages.push((await connection.send({ method: "GET", path: "/metrics" })).text);
    connection.end();
  }
  return { printed: [...rig.printed], pages };
}
