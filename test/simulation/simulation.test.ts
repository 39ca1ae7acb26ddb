import { expect, test } from "vitest";
import { worldWith } from "./bugs/bugs.ts";
import { live } from "./life.ts";

/** Enough to notice what breaks often; `.ci/run` lives many more. */
const SEEDS = 60;

test(`${SEEDS} lives balance`, async () => {
  let reports = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const life = await live(seed, worldWith(undefined));
    expect(life.failure, `seed ${seed}: npm run simulate -- --seed ${seed} --verbose`).toBeUndefined();
    reports += life.reports;
  }
  expect(reports / SEEDS, "reports a life").toBeGreaterThanOrEqual(200);
}, 60_000);

test("a seed lives the same life each time", async () => {
  const lines: string[][] = [[], []];
  const hashes: string[] = [];
  for (const own of lines) {
    const { hash } = await live(5, { ...worldWith(undefined), write: (line) => own.push(line) });
    hashes.push(hash);
  }
  expect(lines[0]).toEqual(lines[1]);
  expect(hashes[0]).toBe(hashes[1]);
  expect(new Set([hashes[0], (await live(6, worldWith(undefined))).hash]).size).toBe(2);
});
