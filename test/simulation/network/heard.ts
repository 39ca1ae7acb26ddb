import type { Receipt } from "../../../src/model/source-facts.ts";
import type { News } from "../../../src/simulate/network.ts";
import type { Mortal } from "../agent/mortal.ts";

interface Report {
  readonly news: News;
  readonly receipt: Receipt;
  readonly mortal: Mortal;
  /** The reloads that its process had then: a reload can put another component in the place of the one that knew. */
  readonly reloads: number;
  /** Of the sender: another one is another process, or what a reload made. */
  readonly channel: object;
}

/**
 * The reports that the agent heard of, by their bytes. An honest report that equals an earlier one can be told from a
 * repeat only by the proof that the answer to that one was read; where there is none, nobody can know.
 */
export class Heard {
  readonly #reports = new Map<string, readonly Report[]>();

  /** A report was handed over. Returns what to call when it was refused, and left nothing behind. */
  heard(key: string, report: Report): () => void {
    const equal = this.#reports.get(key) ?? [];
    const isInDoubt = equal.some((earlier) => earlier.news !== report.news && !isProven(earlier, report.channel));
    if (isInDoubt) report.news.mayPassForRepeat();
    this.#reports.set(key, [...equal.slice(-REMEMBERED_MAX + 1), report]);
    return () => {
      const left = this.#reports.get(key)!.filter((other) => other !== report);
      this.#reports.set(key, left);
    };
  }
}

/** Of equal reports only the last few matter: proof of the others' answers has come, or others were taken since. */
const REMEMBERED_MAX = 4;

/** Whether it is proven, or can still be, that the answer to this was read. */
function isProven({ mortal, reloads, receipt, channel }: Report, now: object): boolean {
  if (!mortal.alive || mortal.reloads !== reloads) return false;
  return receipt.state === "read" || (receipt.state === "open" && channel === now);
}
