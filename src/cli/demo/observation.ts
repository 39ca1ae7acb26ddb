import { NEVER } from "../../lib/abort.ts";
import { type Clock, sleep } from "../../lib/clock.ts";
import type { Account } from "../../simulate/books.ts";
import { type Comparison, compare } from "./comparison.ts";
import { type Address, scrape } from "./http.ts";
import { parseSamples } from "./samples.ts";
import type { DemoWorld } from "./world.ts";

export interface Watched {
  readonly clock: Clock;
  readonly world: DemoWorld;
  /** Where the agent shows its totals. */
  readonly metrics: Address;
}

const TRIES_MAX = 200;
const TRY_AGAIN_MS = 5;
/** Some periods, for reports whose answers get lost come again, and a restart. */
const SETTLED_AFTER_MS_MAX = 10_000;
const SETTLE_STEP_MS = 200;

/**
 * Compares what the agent shows with the truth. Both belong together only when nothing was reported between them, so it
 * tries until it meets such a moment; undefined where there is none.
 */
export async function observe({ clock, world, metrics }: Watched): Promise<Comparison | undefined> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const before = world.truth();
    if (before !== undefined) {
      const text = await scrape(metrics, "/metrics", NEVER);
      const after = world.truth();
      if (after !== undefined && sameTaken(before, after)) return compare(parseSamples(text), after);
    }
    await sleep(clock, TRY_AGAIN_MS, NEVER);
  }
  return undefined;
}

/** The last comparison, once all that moved was reported or lost; or as far as it came by then. */
export async function observeSettled(watched: Watched): Promise<Comparison | undefined> {
  for (let waitedMs = 0; ; waitedMs += SETTLE_STEP_MS) {
    const comparison = await observe(watched);
    const settled = comparison?.levels.every((level) => level.movedBytes === level.reportedBytes + level.lostBytes);
    if (settled === true || waitedMs >= SETTLED_AFTER_MS_MAX) return comparison;
    await sleep(watched.clock, SETTLE_STEP_MS, NEVER);
  }
}

function sameTaken(before: readonly Account[], after: readonly Account[]): boolean {
  return JSON.stringify(before.map(({ taken }) => taken)) === JSON.stringify(after.map(({ taken }) => taken));
}
