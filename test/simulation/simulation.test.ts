import { expect, test } from "vitest";
import { worldWith } from "./bugs/bugs.ts";
import { live } from "./life.ts";

/** Enough to notice what breaks often; `.ci/run` lives many more. */
const SEEDS = 250;

test(`${SEEDS} lives balance`, async () => {
  const world = worldWith(undefined);
  let reports = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const life = await live(seed, world);
    expect(life.failure, `npm run simulate -- --seed ${seed} --verbose`).toBeUndefined();
    reports += life.reports;
  }
  expect(reports / SEEDS, "reports a life").toBeGreaterThanOrEqual(200);
}, 400_000);

test("a seed lives the same life each time", async () => {
  const lines: string[][] = [[], []];
  for (const own of lines) await live(5, { ...worldWith(undefined), write: (line) => own.push(line) });
  expect(lines[0]!.length).toBeGreaterThan(1000);
  expect(lines[0]).toEqual(lines[1]);
  const world = worldWith(undefined);
  const hashes = [];
  for (const seed of [5, 6, 5]) hashes.push((await live(seed, world)).hash);
  expect(hashes[0]).toBe(hashes[2]);
  expect(hashes[0]).not.toBe(hashes[1]);
}, 30_000);
