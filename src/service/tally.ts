import type { Attributes } from "../model/attributes.ts";
import { SIGNALS } from "../model/signal.ts";
import type { Meters } from "../pipeline/meters.ts";
import {
  CONNECTOR_CONSUMED,
  CONNECTOR_PRODUCED,
  EXPORTER_SEND_FAILED,
  EXPORTER_SENT,
  PROCESSOR_INCOMING,
  PROCESSOR_OUTGOING,
  RECEIVER_ACCEPTED,
  RECEIVER_REFUSED,
} from "../pipeline/metrics.ts";
import type { PlannedNode } from "../pipeline/plan.ts";

/** One component's books: what came in went out, or was dropped on purpose. Counted in items of taken deliveries. */
export interface TallyLine {
  readonly kind: "receiver" | "processor" | "connector" | "exporter";
  readonly id: string;
  readonly incoming: number;
  readonly outgoing: number;
  /** `incoming - outgoing`, where less went out: repeats, what a filter took out. */
  readonly dropped: number;
  /** `outgoing - incoming`, where more went out: totals from the store, metrics that it made. */
  readonly added: number;
  /** Not in the others: whoever sent it was told, and keeps it. */
  readonly refused: number;
}

/** The books of all components, in the order in which data passes them; a processor of several pipelines once. */
export function tallyOf(nodes: readonly PlannedNode[], meters: Meters): readonly TallyLine[] {
  const lines = new Map<string, TallyLine>();
  for (const { kind, id } of nodes.toReversed()) {
    if (kind === "extension" || lines.has(`${kind}:${id}`)) continue;
    const own: Attributes = { [kind]: id };
    const ofSignals = (names: Readonly<Record<string, { readonly name: string }>>) =>
      SIGNALS.reduce((sum, signal) => sum + meters.total(names[signal]!.name, own), 0);
    const flows = {
      receiver: () => [ofSignals(RECEIVER_ACCEPTED), ofSignals(RECEIVER_ACCEPTED), ofSignals(RECEIVER_REFUSED)],
      processor: () => [meters.total(PROCESSOR_INCOMING.name, own), meters.total(PROCESSOR_OUTGOING.name, own), 0],
      connector: () => [meters.total(CONNECTOR_CONSUMED.name, own), meters.total(CONNECTOR_PRODUCED.name, own), 0],
      exporter: () => [ofSignals(EXPORTER_SENT), ofSignals(EXPORTER_SENT), ofSignals(EXPORTER_SEND_FAILED)],
    } as const;
    const [incoming, outgoing, refused] = flows[kind]() as [number, number, number];
    const dropped = Math.max(0, incoming - outgoing);
    const added = Math.max(0, outgoing - incoming);
    lines.set(`${kind}:${id}`, { kind, id, incoming, outgoing, dropped, added, refused });
  }
  return [...lines.values()];
}
