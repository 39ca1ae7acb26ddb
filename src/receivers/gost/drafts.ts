import type { MetricsBatch, Point, Row } from "../../model/points.ts";
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
  readonly rows: Row[];
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
      draft = { level, rows: [], points: [], life: [], hasStats: false, overflow: undefined };
      this.#drafts.set(level, draft);
    }
    return draft;
  }

  batches(facts: ReportFacts, book: NodeBook): MetricsBatch[] {
    const { epoch, told, receipt, time } = facts;
    const batches: MetricsBatch[] = [];
    let fingerprint: string | undefined;
    for (const { level, rows, points, life, hasStats, overflow } of this.#drafts.values()) {
      if (overflow !== undefined) {
        const { received, transmitted } = overflow;
        const { series } = book.overflow(level);
        rows.push({ series, start: 0, time, values: [safe(received), safe(transmitted)] });
      }
      if (rows.length === 0 && points.length === 0 && life.length === 0) continue;
      if (hasStats) fingerprint ??= facts.fingerprint();
      batches.push({
        rows,
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

const safe = (bytes: number) => Math.min(bytes, Number.MAX_SAFE_INTEGER);
