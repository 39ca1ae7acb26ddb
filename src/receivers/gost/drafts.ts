import type { MetricsBatch, Point } from "../../model/points.ts";
import type { Series } from "../../model/series.ts";
import type { LifeEvent, SourceFacts } from "../../model/source-facts.ts";
import type { Level, Node } from "./node.ts";
import type { NodeBook } from "./node-book.ts";

/** What is known of a report besides its events. */
export interface ReportFacts extends Omit<SourceFacts, "source" | "life" | "fingerprint"> {
  readonly node: Node;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Asked only where there is something that GOST would repeat. */
  fingerprint(): string;
}

/** What becomes the batch of one source. */
export interface Draft {
  readonly level: Level;
  readonly points: Point[];
  readonly life: LifeEvent[];
  hasStats: boolean;
  /** Bytes of clients beyond the limit of series. */
  overflow: { received: number; transmitted: number } | undefined;
}

/** The batches of one report while it is read: one for each level of a service that it tells of. */
export class Drafts {
  readonly #drafts = new Map<Level, Draft>();

  /** The level's draft, new or not. */
  of(level: Level): Draft {
    let draft = this.#drafts.get(level);
    if (draft === undefined) {
      draft = { level, points: [], life: [], hasStats: false, overflow: undefined };
      this.#drafts.set(level, draft);
    }
    return draft;
  }

  batches(facts: ReportFacts, book: NodeBook): MetricsBatch[] {
    const { epoch, told, receipt, time } = facts;
    const batches: MetricsBatch[] = [];
    let fingerprint: string | undefined;
    for (const { level, points, life, hasStats, overflow } of this.#drafts.values()) {
      if (overflow !== undefined) {
        const { received, transmitted } = overflow;
        const [receive, transmit] = book.overflow(level).members;
        points.push({ series: receive!.series, start: 0, time, value: safe(received) });
        points.push({ series: transmit!.series, start: 0, time, value: safe(transmitted) });
      }
      if (points.length === 0 && life.length === 0) continue;
      if (hasStats) fingerprint ??= facts.fingerprint();
      batches.push({
        points,
        source: {
          source: level.source,
          ...(epoch === undefined ? {} : { epoch }),
          ...(told === undefined ? {} : { told }),
          ...(hasStats && fingerprint !== undefined ? { fingerprint } : {}),
          receipt,
          life,
        },
      });
    }
    return batches;
  }
}

/** Adds a point of each series, with the counts from `from` on. */
export function pushPoints(
  points: Point[],
  allSeries: readonly Series[],
  counts: readonly number[],
  from: number,
  time: number,
): void {
  for (let index = 0; index < allSeries.length; index++) {
    points.push({ series: allSeries[index]!, start: 0, time, value: counts[from + index]! });
  }
}

const safe = (bytes: number) => Math.min(bytes, Number.MAX_SAFE_INTEGER);
