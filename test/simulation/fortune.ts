import type { Random } from "../../src/lib/random.ts";
import type { World } from "./world.ts";

/** Has something happen again and again, with pauses of this mean between, for as long as the world is not calm. */
export function befall(world: World, random: Random, meanMs: number, happen: () => void): void {
  if (meanMs === Number.POSITIVE_INFINITY) return;
  const next = () => {
    world.clock.after(-Math.log(1 - random.float()) * meanMs, () => {
      if (world.calm) return;
      happen();
      next();
    });
  };
  next();
}
