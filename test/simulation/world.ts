import { type Random, seededRandom } from "../../src/lib/random.ts";
import { type VirtualClock, virtualClock } from "../../src/lib/virtual-clock.ts";
import { Books } from "../../src/simulate/books.ts";
import { Trace } from "./trace.ts";

/** What everything in one life shares. */
export interface World {
  readonly seed: number;
  readonly clock: VirtualClock;
  readonly trace: Trace;
  /** What really happened. */
  readonly books: Books;
  /** Randomness for one purpose: another purpose's use of its own does not change it. */
  random(purpose: string): Random;
  /** Set for the end of a life: nothing goes wrong any more. */
  calm: boolean;
}

export function createWorld(seed: number, write?: (line: string) => void): World {
  const clock = virtualClock();
  return {
    seed,
    clock,
    trace: new Trace(clock, write),
    books: new Books(),
    random: (purpose) => seededRandom(Math.imul(seed, 0x9e3779b1) ^ hashOf(purpose)),
    calm: false,
  };
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash;
}

/** Whether something happens that does in this share of all cases. */
export function happens(random: Random, share: number): boolean {
  return random.float() < share;
}

export function between(random: Random, min: number, max: number): number {
  return min + random.float() * (max - min);
}

export function oneOf<T>(random: Random, items: readonly T[]): T {
  return items[random.integer(items.length)]!;
}
