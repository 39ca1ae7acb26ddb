import { setTimeout as sleep } from "node:timers/promises";
import { onTestFinished } from "vitest";
import type { Random } from "../../../src/lib/random.ts";
import type { Edge, Way } from "./edge.ts";
import { ALICE, BOB } from "./gost-config.ts";

export interface Traffic {
  /** Resolves when the last connection is closed. */
  stop(): Promise<void>;
}

export interface TrafficOptions {
  readonly ways: readonly Way[];
  readonly random: Random;
  /** Whether GOST may die in between: what a connection moved that breaks is in no books. */
  readonly mayBreak?: boolean;
}

const PAUSE_MS_MAX = 100;

/** Two clients that move random bytes over one connection after another, until they are stopped or the test ends. */
export function startTraffic(edge: Edge, { ways, random, mayBreak = false }: TrafficOptions): Traffic {
  let over = false;
  const moving = (async () => {
    while (!over) {
      const way = ways[random.integer(ways.length)]!;
      const bytes = { upload: 1 + random.integer(50_000), download: 1 + random.integer(200_000) };
      const moved = edge.move(way, bytes, random.integer(2) === 0 ? ALICE : BOB);
      await (mayBreak ? moved.catch(() => {}) : moved);
      await sleep(random.integer(PAUSE_MS_MAX));
    }
  })();
  moving.catch(() => {}); // Who stops it hears of it; where a test failed before, nobody does.
  onTestFinished(() => {
    over = true;
  });
  return {
    async stop() {
      over = true;
      await moving;
    },
  };
}
