import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { ExporterDefinition } from "../../src/component/define.ts";
import type { Outcome } from "../../src/component/delivery.ts";
import { Refusal } from "../../src/component/refusal.ts";
import { batchJson } from "../../src/model/otlp/json-writer.ts";
import { SIGNALS } from "../../src/model/signal.ts";
import { type Backend, type Mood, networkBackend } from "./backend.ts";
import { type SendingWorld, sendingWorld } from "./sending-world.ts";
import { NOTHING_LEFT } from "./suite.ts";

export interface SendingCase {
  /** As a user would write it. */
  readonly config?: object;
  /** What it writes to, where that is no network. */
  readonly backend?: () => OwnBackend;
}

/** Another backend than the network's, with the configuration that leads there. Ends with the test. */
export interface OwnBackend extends Backend {
  readonly config: object;
  /** How it can be. */
  readonly moods: readonly Mood[];
}

const DELIVERIES = 12;
const CAPACITY_ITEMS = 15;
const HOUR_MS = 3_600_000;

/**
 * What holds for every exporter that sends, whatever goes wrong behind it: what it took was sent, was given up and
 * counted, or waits; nothing lasts beyond its deadline, and nothing is left when it has stopped.
 */
export function sendingSuite(
  definition: ExporterDefinition,
  { config = {}, backend: ownBackend }: SendingCase = {},
): void {
  const signals = SIGNALS.filter((signal) => definition.signals[signal] !== undefined);
  const cases = signals.flatMap((signal) => (["memory", "store"] as const).map((place) => ({ signal, place })));

  describe.each(cases)(`exporter ${definition.type}, $signal waiting in the $place`, ({ signal, place }) => {
    /** Over a backend in this mood. */
    async function made(
      mood: Mood,
      { sending_queue = {}, ...rest }: Sending = {},
    ): Promise<Made & { config: unknown }> {
      const own = ownBackend?.();
      const backend = own ?? networkBackend();
      const storage = place === "store" ? { storage: "file_storage" } : {};
      // Small enough to fill, and counted as the books are kept.
      const queue = { sizer: "items", queue_size: CAPACITY_ITEMS, num_consumers: 2, ...storage, ...sending_queue };
      const whole = { ...config, ...own?.config, timeout: "20s", ...rest, sending_queue: queue };
      backend.mood = mood;
      const world = await sendingWorld({ definition, signal, config: whole, place, backend });
      onTestFinished(() => world.stop(AbortSignal.abort(new Error("the test is over"))));
      return { world, backend, config: definition.config.parse(whole) };
    }

    /** What waits in the store is sent by the next one. */
    async function goesOnAfterwards({ world, backend }: Made): Promise<void> {
      backend.mood = "well";
      await world.restart();
      balances(world);
      await world.until(() => world.books().queued === 0, "it goes on with what the store has");
      expect(world.books()).toEqual({ sent: world.accepted, failed: 0, queued: 0 });
      await endsWell(world);
    }

    it("refuses what a full queue has no room for, and sends all that it took once its backend is back", async () => {
      const { world, backend } = await made("away");
      const outcomes = await deliverAll(world);
      expect(outcomes.at(-1)).toMatchObject({ taken: false, refusal: { kind: "retryable", reason: "queue_full" } });
      balances(world);
      backend.mood = "well";
      await world.until(() => world.books().queued === 0, "the queue gets empty");
      expect(world.books()).toEqual({ sent: world.accepted, failed: 0, queued: 0 });
      await endsWell(world);
    });

    it("drops the oldest of a full queue where it is told to, and counts it", async () => {
      const { world, backend } = await made("away", { sending_queue: { on_overflow: "drop_oldest" } });
      for (const outcome of await deliverAll(world)) expect(outcome).toEqual({ taken: true });
      balances(world);
      expect(world.dropped("queue_full")).toBeGreaterThan(0);
      backend.mood = "well";
      await world.until(() => world.books().queued === 0, "the queue gets empty");
      expect(world.books().failed).toBe(world.dropped("queue_full"));
      await endsWell(world);
    });

    it("lets a delivery wait that a full queue has no room for where it is told to, until nobody waits for it", async () => {
      const { world, backend } = await made("away", { sending_queue: { block_on_overflow: true } });
      while (world.books().queued < CAPACITY_ITEMS) await world.deliver();
      const [givenUp, patient] = [new AbortController(), world.deliver()];
      const impatient = world.deliver(givenUp.signal);
      await world.rig.clock.advanceAsync(1000);
      givenUp.abort(new Error("nobody waits for it any more"));
      expect(await impatient).toMatchObject({ taken: false, refusal: { kind: "retryable" } });
      balances(world);
      backend.mood = "well";
      await world.until(() => world.books().queued === 0, "the queue gets empty");
      expect(await patient).toEqual({ taken: true });
      await world.until(() => world.books().queued === 0, "the queue gets empty again");
      expect(world.books()).toEqual({ sent: world.accepted, failed: 0, queued: 0 });
      await endsWell(world);
    });

    it("refuses a delivery that waits for room when it stops", async () => {
      const { world, backend } = await made("away", { sending_queue: { block_on_overflow: true } });
      while (world.books().queued < CAPACITY_ITEMS) await world.deliver();
      const before = world.accepted;
      const waiting = world.deliver();
      await world.rig.clock.advanceAsync(0);
      await world.stop(AbortSignal.abort(new Error("late")));
      const outcome = await waiting;
      expect(outcome).toMatchObject({ taken: false, refusal: { kind: "retryable" } });
      expect(world.accepted).toBe(before);
      expect(world.rig.leftovers()).toEqual(NOTHING_LEFT);
      if (place === "memory") expect(world.books().failed).toBe(world.accepted);
      else await goesOnAfterwards({ world, backend });
    });

    it("tries nothing while its circuit breaker is open, and loses nothing of what it takes meanwhile", async () => {
      const breaker = { failure_threshold: 2, open_for: "1m" }; // And one attempt at a time.
      const { world, backend } = await made("away", { circuit_breaker: breaker, sending_queue: { num_consumers: 1 } });
      const isOpen = () => world.rig.total("gostcol_exporter_circuit_breaker_state", { state: "open" }) === 1;
      await world.deliver();
      await world.until(isOpen, "the breaker opens");
      const before = world.attempts();
      await world.deliver();
      await world.rig.clock.advanceAsync(50_000);
      expect(world.attempts()).toBe(before);
      balances(world);
      backend.mood = "well";
      await world.until(() => world.books().queued === 0, "the queue gets empty");
      expect(world.books()).toEqual({ sent: world.accepted, failed: 0, queued: 0 });
      await endsWell(world);
    });

    it("stops while its circuit breaker is open, without trying it", async () => {
      const breaker = { failure_threshold: 2, open_for: "1m" }; // And one attempt at a time.
      const { world, backend } = await made("away", { circuit_breaker: breaker, sending_queue: { num_consumers: 1 } });
      await world.deliver();
      await world.deliver();
      await world.until(() => world.attempts() === 2, "the breaker opens");
      await world.stop();
      expect(world.attempts()).toBe(2);
      expect(world.rig.leftovers()).toEqual(NOTHING_LEFT);
      if (place === "memory") expect(world.dropped("shutdown")).toBe(world.accepted);
      else await goesOnAfterwards({ world, backend });
    });

    if (canBe("silent")) {
      it("gives an attempt up that is not answered in time, and tries again", async () => {
        const { world, backend } = await made("silent");
        await world.deliver();
        await world.until(() => world.attempts("retryable") > 0, "an attempt is given up");
        balances(world);
        backend.mood = "well";
        await world.until(() => world.books().queued === 0, "the queue gets empty");
        expect(world.books()).toEqual({ sent: world.accepted, failed: 0, queued: 0 });
        await endsWell(world);
      });

      it.each(["later", "at once"])(
        "stops at a deadline that is over %s, though it is never answered",
        async (when) => {
          const { world, backend } = await made("silent", { timeout: "0s" });
          await deliverAll(world);
          await world.until(() => world.rig.leftovers().calls > 0, "it sends");
          const deadline = new AbortController();
          if (when === "at once") deadline.abort(new Error("late"));
          const stopping = world.stop(deadline.signal);
          if (when === "later") {
            await world.rig.clock.advanceAsync(HOUR_MS);
            expect(world.rig.leftovers().calls).toBeGreaterThan(0);
            deadline.abort(new Error("late"));
          }
          await stopping;
          expect(world.rig.leftovers()).toEqual(NOTHING_LEFT);
          if (place === "memory") expect(world.dropped("shutdown")).toBe(world.accepted);
          else await goesOnAfterwards({ world, backend });
        },
      );

      it("lets what is being sent end when it stops, and loses nothing of the rest", async () => {
        const { world, backend } = await made("silent");
        await deliverAll(world);
        await world.until(() => world.rig.leftovers().calls > 0, "it sends");
        const stopping = world.stop();
        backend.mood = "well";
        await stopping;
        expect(world.rig.leftovers()).toEqual(NOTHING_LEFT);
        expect(world.books()).toMatchObject({ failed: 0 });
        expect(world.books().sent).toBeGreaterThan(0);
        if (place === "memory") expect(world.books().sent).toBe(world.accepted);
        else await goesOnAfterwards({ world, backend });
      });
    }

    if (canBe("refusing")) {
      it("puts what is refused for good with the dead letters, with the reason", async () => {
        const path = join(folder(), "dead.jsonl");
        const { world, backend } = await made("refusing", { dead_letter: { path } });
        await world.deliver();
        await world.deliver();
        await world.until(() => world.books().queued === 0, "the queue gets empty");
        balances(world);
        const isRefused = backend.transport.sent.some(({ type }) => type !== "message");
        expect(world.books().failed).toBe(isRefused ? world.accepted : 0);
        await endsWell(world);
        const letters = isRefused ? lettersIn(path) : [];
        for (const { reason } of letters) expect(world.dropped(reason)).toBeGreaterThan(0);
        expect(letters.reduce((sum, { request }) => sum + itemsIn(request), 0)).toBe(world.books().failed);
      });

      it("hands what is refused for good to another exporter, and waits with it until that takes it", async () => {
        const { world, backend, config } = await made("refusing", { dead_letter: { exporter: "debug/dead" } });
        expect(definition.feeds?.(config)).toEqual([{ exporter: "debug/dead", path: ["dead_letter", "exporter"] }]);
        world.rig.nextDoes = () => {
          throw new Refusal("retryable", "queue_full", "the other one is full");
        };
        await world.deliver();
        await world.deliver();
        await world.rig.clock.advanceAsync(10_000);
        balances(world);
        expect(world.books().failed).toBe(0);
        world.rig.nextDoes = () => {};
        await world.until(() => world.books().queued === 0, "the queue gets empty");
        balances(world);
        const isRefused = backend.transport.sent.some(({ type }) => type !== "message");
        expect(world.books().failed).toBe(isRefused ? world.accepted : 0);
        const letters = world.rig.handedOn.map((batch) => batchJson(signal, batch));
        expect(letters.reduce((sum, letter) => sum + itemsIn(letter), 0)).toBe(world.books().failed);
        for (const letter of letters) expect(JSON.stringify(letter)).toContain('{"key":"gostcol.dead_letter.reason"');
        await endsWell(world);
      });

      it("hands over what is refused for good while it stops", async () => {
        const { world, backend } = await made("silent", { dead_letter: { exporter: "debug/dead" } });
        await world.deliver();
        await world.until(() => world.rig.leftovers().calls > 0, "it sends");
        const stopping = world.stop();
        backend.mood = "refusing";
        await stopping;
        const { failed } = world.books();
        const isRefused = backend.transport.sent.some(({ type }) => type !== "message");
        expect(failed > 0).toBe(isRefused);
        const letters = world.rig.handedOn.map((batch) => batchJson(signal, batch));
        expect(letters.reduce((sum, letter) => sum + itemsIn(letter), 0)).toBe(failed);
        expect(world.dropped("shutdown")).toBe(0);
        expect(world.rig.total("gostcol_exporter_dead_letter_items", { outcome: "lost" })).toBe(0);
      });

      it("keeps what the exporter of its dead letters does not take until it stops", async () => {
        const { world, backend } = await made("refusing", { dead_letter: { exporter: "debug/dead" } });
        world.rig.nextDoes = () => {
          throw new Refusal("retryable", "queue_full", "the other one is full");
        };
        await world.deliver();
        await world.until(() => world.attempts("permanent") > 0 || world.books().queued === 0, "it is refused");
        await world.stop();
        expect(world.rig.leftovers()).toEqual(NOTHING_LEFT);
        if (place === "memory") expect(world.books()).toMatchObject({ sent: world.accepted - world.books().failed });
        else await goesOnAfterwards({ world, backend });
      });
    }
  });

  function canBe(mood: Mood): boolean {
    return ownBackend === undefined || ownBackend().moods.includes(mood);
  }
}

interface Made {
  readonly world: SendingWorld;
  readonly backend: Backend;
}

interface Sending {
  readonly [field: string]: unknown;
  readonly sending_queue?: object;
}

async function deliverAll(world: SendingWorld): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let count = 0; count < DELIVERIES; count++) outcomes.push(await world.deliver());
  return outcomes;
}

function balances(world: SendingWorld): void {
  const books = world.books();
  expect(books.sent + books.failed + books.queued, JSON.stringify(books)).toBe(world.accepted);
}

async function endsWell(world: SendingWorld): Promise<void> {
  await world.stop();
  expect(world.rig.leftovers()).toEqual(NOTHING_LEFT);
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "gostcol-sending-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function lettersIn(path: string): readonly { readonly reason: string; readonly request: unknown }[] {
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as { reason: string; request: unknown });
}

/** The points, spans and records of a request in OTLP's JSON. */
function itemsIn(request: unknown): number {
  if (typeof request !== "object" || request === null) return 0;
  let items = 0;
  for (const [name, value] of Object.entries(request)) {
    const isItems = name === "dataPoints" || name === "spans" || name === "logRecords";
    items += isItems ? (value as unknown[]).length : itemsIn(value);
  }
  return items;
}
