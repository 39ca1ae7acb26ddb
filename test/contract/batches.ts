import { SEVERITY } from "../../src/model/log-records.ts";
import type { SeriesTable } from "../../src/model/series-table.ts";
import type { Batches, Signal } from "../../src/model/signal.ts";
import { metricsBatch } from "../support/fake-components.ts";
import { report } from "../support/gost-streams.ts";
import { deepFrozen } from "./rig.ts";

/** What every component must be able to take: by a name that says what is special about it. */
export const SAMPLES: readonly Sample[] = [
  { name: "metrics", signal: "metrics", batch: (table) => samples(table).metrics },
  { name: "a report's metrics", signal: "metrics", batch: (table) => deepFrozen(report(table, 1_000, REPORT)) },
  { name: "rows of series without a stream", signal: "metrics", batch: (table) => deepFrozen(totals(table)) },
  { name: "traces", signal: "traces", batch: (table) => samples(table).traces },
  { name: "logs", signal: "logs", batch: (table) => samples(table).logs },
];

/** Frozen all through. */
export interface Sample {
  readonly name: string;
  readonly signal: Signal;
  batch(table: SeriesTable): Batches[Signal];
}

const NODES = ["edge-1", "edge-2", "edge-3"];

/** What every backend has a word for, and a new one each time: of several nodes, and growing from number to number. */
export function sendable(signal: Signal, table: SeriesTable, number: number): Batches[Signal] {
  const identity = (node: string) => ({
    resource: table.resource({ "service.instance.id": node }),
    scope: table.scope("test"),
  });
  const batches: { readonly [S in Signal]: () => Batches[S] } = {
    metrics: () => ({
      rows: [],
      points: NODES.flatMap((node) =>
        metricsBatch(2, table).points.map(({ series: { metric, attributes } }) => {
          const { resource, scope } = identity(node);
          return {
            series: table.series(resource, scope, metric, attributes),
            start: 1,
            time: 1_000 + number,
            value: number,
          };
        }),
      ),
    }),
    traces: () => ({
      spans: NODES.map((node) => ({ ...samples(table).traces.spans[0]!, ...identity(node), name: `span ${number}` })),
    }),
    logs: () => ({
      records: NODES.map((node) => ({
        ...samples(table).logs.records[0]!,
        ...identity(node),
        body: `record ${number}`,
      })),
    }),
  };
  return deepFrozen(batches[signal]());
}

const REPORT = { alice: [1, 1, 235, 632, 0], bob: [2, 0, 100, 200, 1] } as const;

/** As they leave a processor that has made totals of a report. */
function totals(table: SeriesTable): Batches["metrics"] {
  const { points } = metricsBatch(3, table);
  const row = { series: points.map(({ series }) => series), start: 500, time: 1_000, values: [1, Number.NaN, 3] };
  return { rows: [row], points: [] };
}

function samples(table: SeriesTable): Batches {
  const identity = { resource: table.resource({ "service.name": "test" }), scope: table.scope("test") };
  const batches: Batches = {
    metrics: metricsBatch(3, table),
    traces: {
      spans: [
        {
          ...identity,
          traceId: "0af7651916cd43dd8448eb211c80319c",
          spanId: "b7ad6b7169203331",
          name: "a span",
          kind: "server",
          startNanos: 1_000_000_000n,
          endNanos: 2_000_000_000n,
          attributes: { "network.protocol.name": "http" },
          events: [],
          status: { code: "unset" },
        },
      ],
    },
    logs: {
      records: [
        {
          ...identity,
          timeNanos: 1_000_000_000n,
          observedTimeNanos: 1_000_000_000n,
          severityNumber: SEVERITY.info,
          severityText: "INFO",
          eventName: "test.event",
          body: "a record",
          attributes: {},
        },
      ],
    },
  };
  return deepFrozen(batches);
}

/** What of a series belongs to its table, or names it there. */
const OF_THE_TABLE: readonly string[] = ["stream", "lease", "touched", "pins", "id"];

/** What of a batch others can see, without the identity of its objects. */
export function seenIn(batches: readonly Batches[Signal][]): unknown {
  return JSON.parse(
    JSON.stringify(batches, (key, value: unknown) => {
      if (OF_THE_TABLE.includes(key) || key === "receipt") return undefined;
      return typeof value === "bigint" ? String(value) : value;
    }),
  );
}
