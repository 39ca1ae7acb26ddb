import { ValueType } from "@opentelemetry/api";
import { ProtobufMetricsSerializer } from "@opentelemetry/otlp-transformer";
import { AggregationTemporality, DataPointType } from "@opentelemetry/sdk-metrics";
import { MetricsWriter } from "../../src/model/otlp/metrics-writer.ts";
import { type Point, pointsOf } from "../../src/model/points.ts";
import type { Metric } from "../../src/model/series.ts";
import type { BenchPart } from "./figure.ts";
import { medianMs } from "./in-process.ts";
import { OtlpLoad } from "./otlp-load.ts";

const POINTS = 8_000;

type ResourceMetrics = Parameters<typeof ProtobufMetricsSerializer.serializeRequest>[0];

/** Our writer of metrics beside OpenTelemetry's serializer, on the same points. */
export const otlpWriter: BenchPart = {
  name: "otlp-writer",
  title: "metrics as OTLP's protobuf, against OpenTelemetry's own serializer",
  async run() {
    const load = new OtlpLoad({ nodes: 1, seriesPerNode: POINTS });
    const row = load.row(0, 0);
    const points = pointsOf(row);
    const theirs = resourceMetrics(points);
    const writer = new MetricsWriter(load.table);
    const ourBytes = writer.write({ rows: [], points }).length;
    const theirBytes = ProtobufMetricsSerializer.serializeRequest(theirs)!.length;
    if (Math.abs(ourBytes - theirBytes) > POINTS) throw new Error(`${ourBytes} bytes and ${theirBytes}: not the same`);
    const times = await medianMs(
      {
        points: { run: () => writer.write({ rows: [], points }) },
        rows: { run: () => writer.write({ rows: [row], points: [] }) },
        theirs: { run: () => ProtobufMetricsSerializer.serializeRequest(theirs) },
      },
      { warmUpMs: 500, measureMs: 1500 },
    );
    const pointsPerSecond = (ms: number) => (POINTS * 1000) / ms;
    return [
      { name: "OTLP writer: OpenTelemetry's serializer", value: pointsPerSecond(times.theirs), unit: "points/s" },
      { name: "OTLP writer: ours, of points", value: pointsPerSecond(times.points), unit: "points/s" },
      { name: "OTLP writer: ours, of rows", value: pointsPerSecond(times.rows), unit: "points/s" },
      { name: "OTLP writer: ours / theirs", value: times.theirs / times.points, unit: "x", goal: { atLeast: 10 } },
    ];
  },
};

/** All of one resource and scope, as the SDK hands them to its exporters. */
function resourceMetrics(points: readonly Point[]): ResourceMetrics {
  const byMetric = Map.groupBy(points, ({ series }) => series.metric);
  const { resource, scope } = points[0]!.series;
  const metrics = [...byMetric].map(([metric, its]) => ({
    descriptor: { ...descriptorOf(metric), valueType: ValueType.INT },
    dataPointType: DataPointType.SUM,
    isMonotonic: metric.monotonic,
    aggregationTemporality: AggregationTemporality.DELTA,
    dataPoints: its.map(({ series, start, time, value }) => ({
      startTime: hrTime(start),
      endTime: hrTime(time),
      attributes: series.attributes,
      value,
    })),
  }));
  return { resource, scopeMetrics: [{ scope, metrics }] } as unknown as ResourceMetrics;
}

const descriptorOf = ({ name, description, unit }: Metric) => ({ name, description, unit });

const hrTime = (ms: number): [number, number] => [Math.floor(ms / 1000), (ms % 1000) * 1e6];
