import { viewOf } from "../../src/lib/view-of.ts";
import type { MetricsBatch, Row } from "../../src/model/points.ts";
import type { MemberBehaviour, Metric, Source, Stream } from "../../src/model/series.ts";
import type { MemberIdentity, SeriesTable } from "../../src/model/series-table.ts";
import { type LifeEvent, type Receipt, type SourceFacts, settledReceipt } from "../../src/model/source-facts.ts";
import { sourceKey, streamKey } from "../../src/model/stream-key.ts";
import { fingerprintOf } from "../../src/receivers/gost/fingerprint.ts";

/** The five counts of GOST's stats, in its order. */
export type Stats = readonly [conns: number, active: number, received: number, transmitted: number, errors: number];

export interface ReportOptions {
  readonly service?: string;
  readonly kind?: "service" | "handler";
  readonly told?: "delta" | "cumulative";
  readonly epoch?: string;
  /** What its bytes would be. */
  readonly fingerprint?: string;
  readonly receipt?: Receipt;
  readonly life?: readonly LifeEvent[];
  readonly emitters?: number;
  /** Whether connections are counted where they are accepted, as GOST's services do. */
  readonly accepts?: boolean;
}

/** One report as a receiver would hand it on: `stats` by client, `""` for the service itself. */
export function report(
  table: SeriesTable,
  time: number,
  stats: Readonly<Record<string, Stats>>,
  options: ReportOptions = {},
): MetricsBatch {
  const { service = "web", kind = "handler", told, epoch, fingerprint, emitters, accepts = false } = options;
  const unreported = table.series(
    table.resource({ "service.name": "gost" }),
    table.scope("test"),
    table.metric({ ...SUM, name: "unreported", unit: "s", temporality: "cumulative", number: "double" }),
    { service },
  );
  const source: Source = {
    key: sourceKey({ node: "edge-1", kind, service }),
    node: "edge-1",
    kind,
    service,
    unreported,
    ...(emitters === undefined ? {} : { emitters }),
  };
  const rows = Object.entries(stats).map(([client, values]): Row => {
    const { series } = streamOf(table, source, { client, accepts });
    return { series, start: 0, time, values };
  });
  const facts: SourceFacts = {
    source,
    receipt: options.receipt ?? settledReceipt("read"),
    life: options.life ?? [],
    ...(told === undefined ? {} : { told }),
    ...(epoch === undefined ? {} : { epoch }),
    ...(fingerprint === undefined ? {} : { fingerprint: fingerprintOf(viewOf(Buffer.from(fingerprint))) }),
  };
  return { rows, points: [], source: facts };
}

const SUM: Metric = {
  name: "",
  unit: "",
  description: "",
  type: "sum",
  monotonic: true,
  temporality: "unspecified",
  number: "int",
};

const MEMBERS: readonly [name: string, behaviour: MemberBehaviour][] = [
  ["conns", "cumulative"],
  ["active", "level"],
  ["received", "by_mode"],
  ["transmitted", "by_mode"],
  ["errors", "cumulative"],
];

function streamOf(
  table: SeriesTable,
  source: Source,
  { client, accepts }: { client: string; accepts: boolean },
): Stream {
  const { kind, service } = source;
  const common = {
    resource: table.resource({ "service.name": "gost" }),
    scope: table.scope("test"),
    attributes: { service, kind, ...(client === "" ? {} : { client }) },
  };
  const members = MEMBERS.map(
    ([name, behaviour]): MemberIdentity => ({
      ...common,
      metric: table.metric({ ...SUM, name, monotonic: behaviour !== "level" }),
      behaviour: accepts && name === "conns" ? "accepted" : behaviour,
      ...(behaviour === "by_mode"
        ? { uncertain: { ...common, metric: table.metric({ ...SUM, name: `${name}.uncertain`, type: "gauge" }) } }
        : {}),
    }),
  );
  const whose = client === "" ? undefined : client;
  const key = streamKey({ ...source, ...(whose === undefined ? {} : { client: whose }) });
  return table.stream(key, source, whose, members);
}

/** How tests name a member's series: `shownName("received", "alice")`. */
export function shownName(member: string, client: string, service = "web", kind = "handler"): string {
  const attributes = { ...(client === "" ? {} : { client }), kind, service };
  return `${member}{${Object.entries(attributes)
    .map(([key, value]) => `"${key}":"${value}"`)
    .join(",")}}`;
}
