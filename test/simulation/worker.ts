import { parentPort } from "node:worker_threads";
import { worldWith } from "./bugs/bugs.ts";
import { type LifeResult, live } from "./life.ts";

/** Lives to be lived: seeds from `from` to below `to`. */
export interface Work {
  readonly from: number;
  readonly to: number;
  readonly bug: string | undefined;
}

parentPort!.on("message", async ({ from, to, bug }: Work) => {
  const options = worldWith(bug);
  const lives: LifeResult[] = [];
  for (let seed = from; seed < to; seed++) lives.push(await live(seed, options));
  parentPort!.postMessage(lives);
});
