import type { Receipt } from "../../../src/model/source-facts.ts";
import type { News } from "../../../src/simulate/network.ts";
import type { Mortal } from "../agent/mortal.ts";

interface Report {
  readonly news: News;
  readonly receipt: Receipt;
  readonly mortal: Mortal;
}

/**
 * The reports that the agent heard of, by their bytes. An honest report that equals the one before it can be told from a
 * repeat only by the proof that the answer to that one was read; where there is none, nobody can know.
 */
export class Heard {
  readonly #last = new Map<string, Report>();

  /** A report was handed over. Returns what to call when it was refused, and left nothing behind. */
  heard(key: string, report: Report): () => void {
    const before = this.#last.get(key);
    if (before !== undefined && before.news !== report.news && !isProven(before, report.mortal)) {
      report.news.mayPassForRepeat();
    }
    this.#last.set(key, report);
    return () => {
      if (this.#last.get(key) !== report) return;
      if (before === undefined) this.#last.delete(key);
      else this.#last.set(key, before);
    };
  }
}

/** Whether it is proven, or can still be, that the answer to this was read. */
function isProven({ mortal, receipt }: Report, now: Mortal): boolean {
  return mortal === now && (receipt.state === "read" || receipt.state === "open");
}
