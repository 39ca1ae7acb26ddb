import type { Deps } from "../../component/component.ts";
import type { Feed } from "../../component/define.ts";
import type { Consumer, Next } from "../../component/delivery.ts";
import type { Refusal } from "../../component/refusal.ts";
import { sleep } from "../../lib/clock.ts";
import { allPoints } from "../../model/points.ts";
import type { Resource } from "../../model/series.ts";
import type { SeriesTable } from "../../model/series-table.ts";
import { type Batches, itemCount, type Signal } from "../../model/signal.ts";
import { Backoff } from "./backoff.ts";
import type { RetryConfig, SendConfig } from "./config.ts";
import type { DeadLetter, DeadLetters } from "./dead-letters.ts";

/** Where dead letters go, for the definition of every exporter that has these fields. */
export function sendFeeds({ dead_letter: deadLetter }: Pick<SendConfig, "dead_letter">): readonly Feed[] {
  const exporter = deadLetter?.exporter;
  return exporter === undefined ? [] : [{ exporter, path: ["dead_letter", "exporter"] }];
}

type Wanted = Pick<Deps, "id" | "clock" | "random" | "log" | "series" | "deliver">;

/**
 * Dead letters to another exporter, each a delivery of its own. The reason stands on the resources, in
 * `gostcol.dead_letter.exporter`, `.reason` and `.message`. What that exporter does not take now is handed to it again
 * until it does: so nothing is lost, and what comes behind it waits in its lane.
 */
export function deadLetterExporter(next: Next, retry: RetryConfig, deps: Wanted): DeadLetters {
  const { id, clock, random, log, series } = deps;
  return {
    async add(letter, signal) {
      const consumer = next[letter.signal] as Consumer<Signal> | undefined;
      if (consumer === undefined) return false;
      const batch = withReason(letter, id.name === "" ? id.type : `${id.type}/${id.name}`, series);
      const backoff = new Backoff(retry, random);
      for (;;) {
        const refusal = await handOver(letter.signal, batch, consumer, signal);
        if (refusal === undefined) return true;
        if (refusal.kind === "permanent") return false;
        log.limited("dead_letter_waits").warn("dead letters wait for the exporter that they go to", {
          reason: refusal.message,
        });
        try {
          await sleep(clock, backoff.next(refusal.retryAfterMs), signal);
        } catch {
          return false;
        }
      }
    },
  };

  async function handOver(
    signal: Signal,
    batch: Batches[Signal],
    consumer: Consumer<Signal>,
    abort: AbortSignal,
  ): Promise<Refusal | undefined> {
    const upperBound = { items: itemCount(signal, batch), bytes: 0 };
    // Asked here: what else this exporter begins (it takes sent rows out of the store) goes on when that one is full.
    const refusal = consumer.admit?.(upperBound);
    if (refusal !== undefined) return refusal;
    const origin = { peer: { address: "dead letters", transport: "internal" as const }, upperBound, signal: abort };
    const outcome = await deps.deliver(origin, (delivery) => consumer.consume(batch, delivery));
    return outcome.taken ? undefined : outcome.refusal;
  }
}

function withReason<S extends Signal>(letter: DeadLetter<S>, exporter: string, table: SeriesTable): Batches[Signal] {
  const told = {
    "gostcol.dead_letter.exporter": exporter,
    "gostcol.dead_letter.reason": letter.reason,
    "gostcol.dead_letter.message": letter.message,
  };
  const resourceOf = ({ attributes }: Resource) => table.resource({ ...attributes, ...told });
  const { signal, batch } = letter as { [Each in Signal]: DeadLetter<Each> }[Signal];
  switch (signal) {
    case "metrics":
      return {
        rows: [],
        points: allPoints(batch).map((point) => {
          const { resource, scope, metric, attributes } = point.series;
          return { ...point, series: table.series(resourceOf(resource), scope, metric, attributes) };
        }),
      };
    case "traces":
      return { spans: batch.spans.map((span) => ({ ...span, resource: resourceOf(span.resource) })) };
    case "logs":
      return { records: batch.records.map((record) => ({ ...record, resource: resourceOf(record.resource) })) };
    default:
      return signal satisfies never;
  }
}
