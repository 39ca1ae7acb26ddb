import type { Random } from "../../../src/lib/random.ts";
import { between, happens, oneOf, type World } from "../world.ts";

/**
 * What happens to a call on its way. `cut`: both ends are told by a reset. `vanish`: nobody is told. `stall`: it takes
 * seconds. Before the request arrives, while it is worked on, with the answer on its way, or right after that was read.
 */
export type Trouble =
  | "cut_before"
  | "cut_during"
  | "cut_answer"
  | "cut_after"
  | "vanish_before"
  | "vanish_answer"
  | "vanish_after"
  | "stall_before"
  | "stall_answer";

export interface NetworkHabits {
  /** The share of calls that get into trouble, in fair and in foul weather. */
  readonly fair: number;
  readonly foul: number;
  readonly troubles: readonly Trouble[];
}

/** The state of the network between one node and the agent. */
export class Weather {
  /** While it is foul, much gets into trouble. */
  foul = false;
  /** Until then nothing gets through, and arrives late. */
  heldUntilMs = 0;
  readonly random: Random;
  readonly #world: World;
  readonly #habits: NetworkHabits;

  constructor(world: World, habits: NetworkHabits, purpose: string) {
    this.#world = world;
    this.#habits = habits;
    this.random = world.random(purpose);
  }

  trouble(): Trouble | undefined {
    if (this.#world.calm) return undefined;
    const { fair, foul, troubles } = this.#habits;
    if (troubles.length === 0 || !happens(this.random, this.foul ? foul : fair)) return undefined;
    return oneOf(this.random, troubles);
  }

  /** How much longer than usual something takes that stalls. */
  stallMs(): number {
    return between(this.random, 100, 9_000);
  }
}
