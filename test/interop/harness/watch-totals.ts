import { setTimeout as sleep } from "node:timers/promises";
import { onTestFinished } from "vitest";
import type { Gostcol } from "./gostcol.ts";
import type { Sample } from "./metrics-text.ts";

/** Looks at every total that gostcol shows, again and again, while it is there. */
export interface TotalsWatch {
  /** How often it saw any. */
  readonly looks: number;
  /** Totals that were lower than before, or gone, in words. */
  readonly falls: readonly string[];
}

const PAUSE_MS = 50;

/** Watches until the running test ends. */
export function watchTotals(gostcol: Gostcol): TotalsWatch {
  const highest = new Map<string, number>();
  const falls: string[] = [];
  let looks = 0;
  let over = false;

  const compare = (samples: readonly Sample[]) => {
    looks++;
    const shown = new Map(
      samples
        .filter(({ name }) => name.endsWith("_total"))
        .map(({ name, labels, value }) => [`${name}${JSON.stringify(labels)}`, value]),
    );
    for (const [key, before] of highest) {
      const now = shown.get(key);
      if (now === undefined || now < before) falls.push(`${key}: ${now} after ${before}`);
    }
    for (const [key, value] of shown) highest.set(key, Math.max(value, highest.get(key) ?? 0));
  };

  const watching = (async () => {
    while (!over) {
      const samples = await gostcol.scrape().catch(() => undefined); // It is killed at times.
      if (samples !== undefined) compare(samples);
      await sleep(PAUSE_MS);
    }
  })();
  onTestFinished(async () => {
    over = true;
    await watching;
  });
  return {
    get looks() {
      return looks;
    },
    falls,
  };
}
