import { type MetricsBatch, type Point, Row } from "../../model/points.ts";
import type { LifeEvent, SourceFacts } from "../../model/source-facts.ts";
import type { Level, Node } from "./node.ts";
import type { NodeBook } from "./node-book.ts";

/** What is known of a report besides its events. */
export interface ReportFacts extends Omit<SourceFacts, "source" | "life" | "fingerprint"> {
  readonly node: Node;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Asked only where there is something that GOST would repeat. */
  fingerprint(): number;
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
  /** Nearly always the only one. */
  #first: Draft | undefined;
  #others: Map<Level, Draft> | undefined;

  /** The level's draft, new or not. */
  of(level: Level): Draft {
    if (this.#first === undefined) {
      this.#first = newDraft(level);
      return this.#first;
    }
    if (this.#first.level === level) return this.#first;
    this.#others ??= new Map();
    let draft = this.#others.get(level);
    if (draft === undefined) {
      draft = newDraft(level);
      this.#others.set(level, draft);
    }
    return draft;
  }

  /** One batch for each of the sources; what the report says of its node by being there goes with the first. */
  batches(facts: ReportFacts, book: NodeBook): MetricsBatch[] {
    const { epoch, told, receipt, time, node } = facts;
    const presence = new Row(node.presence, 0, time, [time / 1000, 1]);
    const batches: MetricsBatch[] = [];
    let fingerprint: number | undefined;
    const drafts = this.#others === undefined ? [this.#first] : [this.#first, ...this.#others.values()];
    for (const draft of drafts) {
      if (draft === undefined) continue;
      const { level, rows, points, life, hasStats, overflow } = draft;
      if (overflow !== undefined) {
        const { received, transmitted } = overflow;
        const { series } = book.overflow(level);
        rows.push(new Row(series, 0, time, [safe(received), safe(transmitted)]));
      }
      if (rows.length === 0 && points.length === 0 && life.length === 0) continue;
      if (hasStats) fingerprint ??= facts.fingerprint();
      if (batches.length === 0) rows.push(presence);
      const source = {
        source: level.source,
        epoch,
        told,
        fingerprint: hasStats ? fingerprint : undefined,
        receipt,
        life,
      };
      batches.push({ rows, points, source });
    }
    if (batches.length === 0) batches.push({ rows: [presence], points: [] });
    return batches;
  }
}

function newDraft(level: Level): Draft {
  return { level, rows: [], points: [], life: [], hasStats: false, overflow: undefined };
}

const safe = (bytes: number) => Math.min(bytes, Number.MAX_SAFE_INTEGER);
