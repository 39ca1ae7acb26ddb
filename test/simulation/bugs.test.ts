import { describe, expect, test } from "vitest";
import { BUGS, worldWith } from "./bugs/bugs.ts";
import { live } from "./life.ts";

const SEEDS_MAX = 200;

describe("an agent that", () => {
  test.each(Object.entries(BUGS).map(([name, { summary }]) => ({ name, summary })))(
    "$summary is found out",
    async ({ name }) => {
      const world = worldWith(name);
      let failure: string | undefined;
      for (let seed = 1; seed <= SEEDS_MAX && failure === undefined; seed++) ({ failure } = await live(seed, world));
      expect(failure, `within ${SEEDS_MAX} lives`).toBeDefined();
    },
    120_000,
  );
});
