import type { Deps, Receiver } from "../../component/component.ts";
import type { Next, Outcome, Peer } from "../../component/delivery.ts";
import type { Server, ServerHandler, ServerRequest } from "../../component/server.ts";
import { Tally } from "../../kit/tally.ts";
import { NEVER } from "../../lib/abort.ts";
import type { Cancel } from "../../lib/clock.ts";
import { type MetricsBatch, pointCount } from "../../model/points.ts";
import { answerOf, type Verdict } from "./answers.ts";
import type { Config } from "./config.ts";
import { DefaultName } from "./default-name.ts";
import { GostSeries } from "./gost-series.ts";
import { handOn } from "./hand-on.ts";
import type { Node } from "./node.ts";
import { NodeBook } from "./node-book.ts";
import { type ObserverParts, observe } from "./observer.ts";
import { PresenceBook } from "./presence.ts";
import { ReadyServices } from "./ready-services.ts";
import { ReportSorter } from "./report-sorter.ts";
import { admission, Senders } from "./sender.ts";
import { serverOptions } from "./server-options.ts";
import type { SkipReason } from "./sorter-tally.ts";
import { TELEMETRY } from "./telemetry.ts";

/** Receives what GOST's observers report. What it knows lives as long as it does: from `create` to `stop`. */
export function createGostReceiver(config: Config, deps: Deps, next: Next): Receiver {
  const { series, meter, log, clock, deliver, crowded, hostName } = deps;
  const gost = new GostSeries(series, config.resource);
  const { series: seriesMax, series_per_node: seriesPerNode } = config.limits;
  const book = new NodeBook(series, gost, { series: seriesMax, seriesPerNode });
  const requests = new Tally(meter, TELEMETRY.requests, "transport", "outcome");
  const rejected = new Tally(meter, TELEMETRY.rejected, "transport", "reason");
  const skipped = new Tally(meter, TELEMETRY.skipped, "reason");
  const lostStatuses = meter.counter(TELEMETRY.lostStatuses);
  const timers: Cancel[] = [];
  let server: Server | undefined;
  let stopped = false;

  const sorter = new ReportSorter({
    table: series,
    book,
    gost,
    log,
    tally: {
      skipped(reason, node) {
        skipped.add(reason);
        logSkipped(reason, node);
      },
      clamped: meter.counter(TELEMETRY.clamped),
      overflowed: meter.counter(TELEMETRY.overflowed),
    },
  });
  const ready = new ReadyServices(deps.store);
  const defaultName = new DefaultName({ configured: config.node.default, hostName, store: deps.store, log });
  const presence = new PresenceBook({ book, clock, log, tell: deliverFact });
  const observer: ObserverParts = {
    senders: new Senders({
      admit: admission(config.auth),
      nodeFrom: config.node.from,
      temporality: config.temporality,
      defaultName,
    }),
    book,
    sorter,
    presence,
    ready,
    defaultName,
    deliver,
    crowded,
    next,
    statusLost({ name }) {
      lostStatuses.value++;
      log.limited("status lost").warn("status events were refused; GOST does not send them again", { node: name });
    },
  };
  const byNode = (number: (node: Node) => number) =>
    [...book.nodes.values()].map((node) => ({ value: number(node), attributes: { node: node.name } }));
  const cancelGauges = [
    meter.gauge(TELEMETRY.openConnections, () => [{ value: server?.openConnections ?? 0 }]),
    meter.gauge(TELEMETRY.series, () => byNode(({ seriesCount }) => seriesCount)),
    meter.gauge(TELEMETRY.nodeReports, () => byNode(({ reports }) => reports)),
  ];

  const handler: ServerHandler = {
    request(request) {
      const verdict = observe(request, observer);
      return verdict instanceof Promise ? verdict.then((late) => conclude(request, late)) : conclude(request, verdict);
    },
    rejected(reason, { peer }, detail) {
      rejected.add(peer.transport, reason);
      log.limited(`rejected ${reason}`).warn(`a request was rejected: ${detail}`, { peer: peer.address, reason });
    },
    closed(connection) {
      if (!stopped) presence.closed(connection);
    },
  };

  function conclude({ protocol, connection }: ServerRequest, verdict: Verdict) {
    requests.add(protocol, verdict.outcome);
    if (verdict.outcome !== "taken") {
      const { outcome, reason, message } = verdict;
      rejected.add(protocol, reason);
      // Refusals are the pipelines' own to log, and over with the next report.
      const line = `a request was rejected: ${message}`;
      if (outcome !== "refused")
        log.limited(`rejected ${reason}`).warn(line, { peer: connection.peer.address, reason });
    }
    return answerOf(verdict, protocol);
  }

  function logSkipped(reason: SkipReason, { name }: Node) {
    const advice = reason === "series_limit" ? ": raise limits.series_per_node or limits.series" : "";
    log.limited(`skipped ${reason}`).warn(`an event was skipped, ${reason}${advice}`, { node: name, reason });
  }

  /** Hands on what the receiver learns without a report. */
  function deliverFact(metrics: readonly MetricsBatch[]): boolean | Promise<boolean> {
    const items = metrics.reduce((sum, batch) => sum + pointCount(batch), 0);
    const origin = { peer: OURSELVES, upperBound: { items, bytes: 0 }, signal: NEVER };
    const outcome = deliver(origin, (delivery) => handOn(next, { metrics, logs: [] }, delivery));
    return outcome instanceof Promise ? outcome.then(isTaken) : isTaken(outcome);
  }

  function forgetReady() {
    const keys = ready.forgotten(book, FORGOTTEN_AT_ONCE);
    if (keys.length === 0) return;
    const origin = { peer: OURSELVES, upperBound: { items: 0, bytes: 0 }, signal: NEVER };
    // Refused: they are still there in an hour.
    void deliver(origin, (delivery) => ready.forget(keys, delivery));
  }

  return {
    async load(signal) {
      await Promise.all([ready.load(signal), defaultName.load(signal)]);
    },
    async start(signal) {
      const listening = await deps.listen(serverOptions(config), handler, signal);
      if (stopped) return listening.close(signal); // Stopped while it was starting.
      server = listening;
      presence.start();
      timers.push(clock.every(FORGET_EVERY_MS, forgetReady));
      timers.push(clock.after(WAIT_FOR_READY_MS, () => ready.expectNobody()));
    },
    async stop(deadline) {
      stopped = true;
      await server?.close(deadline);
      for (const cancel of timers) cancel();
      presence.stop();
      sorter.dispose();
      book.dispose();
      for (const cancel of cancelGauges) cancel();
    },
    async health() {
      const listens = server !== undefined && !stopped;
      return listens ? { status: "ok" } : { status: "failed", message: "it does not listen", refuses: true };
    },
  };
}

/** Whoever was ready before the start and does not report for so long is not waited for any more. */
const WAIT_FOR_READY_MS = 86_400_000;
const FORGET_EVERY_MS = 3_600_000;
const FORGOTTEN_AT_ONCE = 10_000;

const OURSELVES: Peer = { address: "gost", transport: "internal" };

const isTaken = ({ taken }: Outcome) => taken;
