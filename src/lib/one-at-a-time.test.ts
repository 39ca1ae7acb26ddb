import { expect, test } from "vitest";
import { oneAtATime } from "./one-at-a-time.ts";

test("who asks while it is under way shares it, and who asks later has it done again", async () => {
  let runs = 0;
  const work = oneAtATime(async () => ++runs);
  expect(await Promise.all([work(), work()])).toEqual([1, 1]);
  expect(await work()).toBe(2);
});

test("a failure is everybody's who shares it, and no hindrance to the next", async () => {
  let runs = 0;
  const work = oneAtATime(async () => {
    if (++runs === 1) throw new Error("no");
    return runs;
  });
  const both = [work(), work()];
  for (const one of both) await expect(one).rejects.toThrow("no");
  expect(await work()).toBe(2);
});
