import type { Deps, Processor } from "../../component/component.ts";
import type { Consumer, Delivery, Next } from "../../component/delivery.ts";
import type { LogsBatch } from "../../model/log-records.ts";
import type { Signal } from "../../model/signal.ts";
import type { Span, TracesBatch } from "../../model/spans.ts";
import { type ByContext, byContext } from "./conditions.ts";
import type { Config } from "./config.ts";
import { MetricsFilter } from "./metrics-filter.ts";
import { FILTERED } from "./telemetry.ts";
import { wholeScopes } from "./whole-scopes.ts";

/** Drops what one of its conditions holds for: from the resource down, so what is gone is not asked for its parts. */
export function createFilter(config: Config, deps: Deps, next: Next): Processor {
  const { error_mode: errorMode, metrics, traces, logs } = config;
  const dropped = (signal: Signal) => {
    const counter = deps.meter.counter(FILTERED[signal]);
    return (items: number, delivery: Delivery) => {
      if (items > 0) delivery.onCommitted(() => (counter.value += items));
    };
  };
  const ofMetrics = byContext(
    {
      contexts: ["resource", "scope", "metric", "datapoint"],
      lists: metrics,
      groups: config.metric_conditions,
      errorMode,
    },
    deps,
  );
  const ofTraces = byContext(
    { contexts: ["resource", "scope", "span", "spanevent"], lists: traces, groups: config.trace_conditions, errorMode },
    deps,
  );
  const ofLogs = byContext(
    {
      contexts: ["resource", "scope", "log"],
      lists: { resource: logs.resource, log: logs.log_record },
      groups: config.log_conditions,
      errorMode,
    },
    deps,
  );
  const metricsFilter = new MetricsFilter(ofMetrics, deps.series, {
    next: () => next.metrics,
    dropped: dropped("metrics"),
  });
  return {
    metrics: metricsFilter,
    traces: tracesFilter(ofTraces, { next: () => next.traces, dropped: dropped("traces") }),
    logs: logsFilter(ofLogs, { next: () => next.logs, dropped: dropped("logs") }),
    async stop() {
      metricsFilter.dispose();
    },
  };
}

interface Outlet<S extends Signal> {
  readonly next: () => Consumer<S> | undefined;
  readonly dropped: (items: number, delivery: Delivery) => void;
}

function tracesFilter(
  conditions: ByContext<"resource" | "scope" | "span" | "spanevent">,
  { next, dropped }: Outlet<"traces">,
): Consumer<"traces"> {
  const gone = wholeScopes(conditions);
  const spanLeft = (span: Span): readonly Span[] => {
    if (gone(span) || conditions.span.test(span)) return [];
    const events = span.events.filter((event) => !conditions.spanevent.test({ span, event }));
    return [events.length === span.events.length ? span : { ...span, events }];
  };
  return {
    consume({ spans }: TracesBatch, delivery) {
      const left = spans.flatMap(spanLeft);
      dropped(spans.length - left.length, delivery);
      if (left.length > 0) return next()?.consume({ spans: left }, delivery);
    },
  };
}

function logsFilter(
  conditions: ByContext<"resource" | "scope" | "log">,
  { next, dropped }: Outlet<"logs">,
): Consumer<"logs"> {
  const gone = wholeScopes(conditions);
  return {
    consume({ records }: LogsBatch, delivery) {
      const left = records.filter((record) => !gone(record) && !conditions.log.test(record));
      dropped(records.length - left.length, delivery);
      if (left.length > 0) return next()?.consume({ records: left }, delivery);
    },
  };
}
