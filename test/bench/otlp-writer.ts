import { ValueType } from "@opentelemetry/api";
import { ProtobufMetricsSerializer } from "@opentelemetry/otlp-transformer";
import { AggregationTemporality, DataPointType } from "@opentelemetry/sdk-metrics";
import { MetricsWriter } from "../../src/model/otlp/metrics-writer.ts";
import { type MetricsBatch, type Point, pointsOf } from "../../src/model/points.ts";
import type { Metric } from "../../src/model/series.ts";
import { type BenchPart, median } from "./figure.ts";
import { medianMs, mediansInTurns } from "./in-process.ts";
import { OtlpLoad } from "./otlp-load.ts";

const POINTS = 8_000;
/** What else the machine does, and how memory happens to lie, then takes from both. */
const TURNS = 7;
const TIMES = { warmUpMs: 100, measureMs: 300 };

type ResourceMetrics = Parameters<typeof ProtobufMetricsSerializer.serializeRequest>[0];

/**
 * Our writer of metrics beside OpenTelemetry's serializer, on the same points, in turns. It gets its bytes back, as from the
 * exporters when there is an answer: else most of what is measured is the kernel that clears a megabyte of new pages each time.
 */
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
    const write = (batch: MetricsBatch) => writer.recycle(writer.write(batch));
    const tasks = {
      points: { run: () => write({ rows: [], points }) },
      theirs: { run: () => ProtobufMetricsSerializer.serializeRequest(theirs) },
      rows: { run: () => write({ rows: [row], points: [] }) },
    };
    const turns = await mediansInTurns(TURNS, tasks, TIMES);
    // Behind all else, for what it leaves behind is collected while others are measured.
    const { kept } = await medianMs({ kept: { run: () => writer.write({ rows: [], points }) } }, TIMES);
    const perSecond = (ms: number) => (POINTS * 1000) / ms;
    const ofTask = (name: keyof typeof tasks) => perSecond(median(turns.map(({ [name]: ms }) => ms)));
    const ratio = median(turns.map((ms) => ms.theirs / ms.points));
    return [
      { name: "OTLP writer: OpenTelemetry's serializer", value: ofTask("theirs"), unit: "points/s" },
      { name: "OTLP writer: ours, of points", value: ofTask("points"), unit: "points/s" },
      { name: "OTLP writer: ours, of rows", value: ofTask("rows"), unit: "points/s" },
      { name: "OTLP writer: ours, of points, bytes kept", value: perSecond(kept), unit: "points/s" },
      { name: "OTLP writer: ours / theirs", value: ratio, unit: "x", goal: { atLeast: 10 } },
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
