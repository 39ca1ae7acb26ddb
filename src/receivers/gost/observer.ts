import type { Crowded, Deliver, Next, Origin, Outcome } from "../../component/delivery.ts";
import { Refusal } from "../../component/refusal.ts";
import type { ServerRequest } from "../../component/server.ts";
import { viewOf } from "../../lib/view-of.ts";
import type { Point } from "../../model/points.ts";
import { TAKEN, type Verdict, verdictOf } from "./answers.ts";
import { COUNTS } from "./counts.ts";
import { decode } from "./decode.ts";
import type { DefaultName } from "./default-name.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { SERVICE_STATES } from "./gost-series.ts";
import { handOn } from "./hand-on.ts";
import type { Node, Service } from "./node.ts";
import type { NodeBook } from "./node-book.ts";
import type { Arrival, PresenceBook } from "./presence.ts";
import type { ReadyServices } from "./ready-services.ts";
import { eventCount, isOnlyStatus, isRecognised, type Report, unmetCount } from "./report.ts";
import type { ReportSorter } from "./report-sorter.ts";
import type { Sender, Senders } from "./sender.ts";
import { statePoints } from "./service-state.ts";

export interface ObserverParts {
  readonly senders: Senders;
  readonly book: NodeBook;
  readonly sorter: ReportSorter;
  readonly presence: PresenceBook;
  readonly ready: ReadyServices;
  readonly defaultName: DefaultName;
  readonly deliver: Deliver;
  readonly crowded: Crowded;
  readonly next: Next;
  /** Status events were refused, and will not come again. */
  readonly statusLost: (node: Node) => void;
}

/** What becomes of a request: who sent it, what it says, and whether the pipelines take it. Waits only where they do. */
export function observe(request: ServerRequest, parts: ObserverParts): Verdict | Promise<Verdict> {
  const sender = parts.senders.identify(request);
  if ("outcome" in sender) return sender;
  // Small ones are read to see whether they hold what comes only once.
  const crowded = request.body.length > SMALL_BYTES ? parts.crowded(request.body.length) : undefined;
  if (crowded !== undefined) return verdictOf({ taken: false, refusal: crowded });
  const report = decode(request, parts.book.known(sender.node));
  if ("outcome" in report) return report;
  const node = parts.book.node(sender.node);
  if (node === undefined) {
    return { outcome: "refused", reason: "series_limit", message: "no room for another node (limits.series)" };
  }
  const { connection, protocol } = request;
  const arrival = { node, connection, transport: protocol, told: sender.told, named: sender.named };
  parts.presence.arrived(arrival);
  node.reports++;
  return eventCount(report) === 0 ? TAKEN : deliverReport(report, { request, sender, arrival }, parts);
}

function deliverReport(
  report: Report,
  from: { readonly request: ServerRequest; readonly sender: Sender; readonly arrival: Arrival },
  { book, sorter, presence, ready, defaultName, deliver, next, statusLost }: ObserverParts,
): Verdict | Promise<Verdict> {
  const { request, sender, arrival } = from;
  const { node, connection } = arrival;
  const { receipt, body, signal } = request;
  const { told, epoch } = sender;
  // GOST sends status events once, and stats until they are taken.
  const irreplaceable = isOnlyStatus(report);
  const origin: Origin = {
    peer: connection.peer,
    upperBound: {
      items: eventCount(report) * POINTS_PER_EVENT + POINTS_PER_NODE,
      bytes: body.length,
      series: book.room(node, unmetCount(report)),
    },
    signal,
    irreplaceable,
  };
  const outcome = deliver(origin, (delivery) => {
    // Held up on its way, or by us, until its sender had given up or was dead: who lives sends it again, and what the
    // dead had counted must not come behind what their successors count.
    if (receipt.state === "unread") throw new Refusal("retryable", "sender_gone", "its sender was gone before it came");
    const { batches, records, stated } = sorter.sort(report, {
      node,
      time: delivery.receivedAt,
      receipt,
      told,
      epoch,
      fingerprint: () => fingerprintOf(isRecognised(report) ? report.view : viewOf(body)),
    });
    presence.reported(arrival, batches, delivery.receivedAt);
    if (sender.hasDefaultName) defaultName.keep(delivery);
    if (stated.length > 0) ready.keep(stated, delivery);
    const recalled = recalledStates(ready.recall(node, batches), book, delivery.receivedAt);
    const metrics = recalled.length === 0 ? batches : [...batches, { rows: [], points: recalled }];
    return handOn(next, { metrics, logs: records.length === 0 ? [] : [{ records }] }, delivery);
  });
  const conclude = (ended: Outcome) => {
    if (!ended.taken && irreplaceable) statusLost(node);
    return verdictOf(ended);
  };
  return outcome instanceof Promise ? outcome.then(conclude) : conclude(outcome);
}

function recalledStates(services: readonly Service[], book: NodeBook, time: number): readonly Point[] {
  return services.flatMap((service) => {
    const states = book.states(service);
    return states === undefined ? [] : statePoints(states, "ready", time);
  });
}

/** A status event has a few hundred. */
const SMALL_BYTES = 16 * 1024;

/** Its counts, and the state that the service was in before a restart. */
const POINTS_PER_EVENT = COUNTS.length + SERVICE_STATES.length;

/** When it last reported, and that it is up. */
const POINTS_PER_NODE = 2;
