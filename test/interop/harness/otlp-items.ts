import type { Signal } from "../../../src/model/signal.ts";

type Json = Readonly<Record<string, unknown>>;

const NAMES = {
  metrics: ["resourceMetrics", "scopeMetrics", "metrics"],
  traces: ["resourceSpans", "scopeSpans", "spans"],
  logs: ["resourceLogs", "scopeLogs", "logRecords"],
} as const;

/**
 * The items of an export request in OTLP's JSON (points, spans, log records) as texts: each with its resource and scope,
 * without order where order says nothing, and with the times of points to the microsecond.
 */
export function flatItems(signal: Signal, request: Json): string[] {
  const [resources, scopes, items] = NAMES[signal];
  return listOf(request, resources).flatMap((ofResource) =>
    listOf(ofResource, scopes).flatMap((ofScope) => {
      const place = { resource: ofResource["resource"] ?? {}, scope: ofScope["scope"] ?? {} };
      const its = listOf(ofScope, items).flatMap((item) => (signal === "metrics" ? pointsOf(item) : [item]));
      return its.map((item) => JSON.stringify(plain({ ...place, item }, signal === "metrics")));
    }),
  );
}

/** Each point as a metric of its own. */
function pointsOf(metric: Json): Json[] {
  const [type, data] = Object.entries(metric).find(([, member]) => typeof member === "object" && member !== null) ?? [];
  if (type === undefined) return [];
  const { dataPoints, ...rest } = data as Json;
  return listOf({ dataPoints }, "dataPoints").map((point) => ({ ...metric, [type]: rest, point }));
}

function listOf(of: Json, name: string): readonly Json[] {
  return (of[name] ?? []) as readonly Json[];
}

/** Keys in order, attributes by key, and nothing that says no more than its absence. */
function plain(value: unknown, roundTimes: boolean, name = ""): unknown {
  if (Array.isArray(value)) {
    const list = value.map((each) => plain(each, roundTimes));
    const isAttributes = /attributes|^values$/i.test(name) && value.every((each) => each?.key !== undefined);
    return isAttributes ? list.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : list;
  }
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value)
      .map(([key, each]) => [key, plain(each, roundTimes, key)] as const)
      .filter(([key, each]) => !isDefault(key, each));
    return Object.fromEntries(members.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }
  if (roundTimes && name.endsWith("UnixNano")) return String((BigInt(String(value)) + 500n) / 1000n);
  return value;
}

/** What is there only where it is meant: a value of zero is not an absent one. */
const PRESENT = /^(key|value|item|point|as(Int|Double)|sum|min|max|.*Value|values)$/;

function isDefault(key: string, value: unknown): boolean {
  if (PRESENT.test(key)) return false;
  return value === 0 || value === "0" || value === "" || value === false || /^(\[\]|\{\})$/.test(JSON.stringify(value));
}
