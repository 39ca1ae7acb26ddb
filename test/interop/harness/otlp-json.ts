import { type Attributes, type AttributeValue, isList } from "../../../src/model/attributes.ts";
import type { LogRecord } from "../../../src/model/log-records.ts";
import type { Point } from "../../../src/model/points.ts";
import type { Resource, Scope } from "../../../src/model/series.ts";

/** Export requests in OTLP's JSON, one resource and scope for each item. */
export function logsRequest(records: readonly LogRecord[]): unknown {
  return {
    resourceLogs: records.map(({ resource, scope, ...record }) => ({
      resource: resourceJson(resource),
      scopeLogs: [
        {
          scope: scopeJson(scope),
          logRecords: [
            {
              timeUnixNano: String(record.timeNanos),
              observedTimeUnixNano: String(record.observedTimeNanos),
              severityNumber: record.severityNumber,
              severityText: record.severityText,
              body: record.body === undefined ? undefined : valueJson(record.body),
              attributes: attributesJson(record.attributes),
            },
          ],
        },
      ],
    })),
  };
}

/** Sums and gauges. */
export function metricsRequest(points: readonly Point[]): unknown {
  return {
    resourceMetrics: points.map(({ series, start, time, value }) => ({
      resource: resourceJson(series.resource),
      scopeMetrics: [
        {
          scope: scopeJson(series.scope),
          metrics: [
            {
              name: series.metric.name,
              unit: series.metric.unit,
              description: series.metric.description,
              [series.metric.type]: {
                ...(series.metric.type === "sum"
                  ? { aggregationTemporality: 2, isMonotonic: series.metric.monotonic }
                  : {}),
                dataPoints: [
                  {
                    startTimeUnixNano: String(BigInt(start) * 1_000_000n),
                    timeUnixNano: String(BigInt(time) * 1_000_000n),
                    attributes: attributesJson(series.attributes),
                    ...(series.metric.number === "int" ? { asInt: String(value) } : { asDouble: value }),
                  },
                ],
              },
            },
          ],
        },
      ],
    })),
  };
}

const resourceJson = ({ attributes }: Resource) => ({ attributes: attributesJson(attributes) });

const scopeJson = ({ name, version, attributes }: Scope) => ({ name, version, attributes: attributesJson(attributes) });

const attributesJson = (attributes: Attributes) =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: valueJson(value) }));

function valueJson(value: AttributeValue): unknown {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "bigint") return { intValue: String(value) };
  if (typeof value === "number") return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString("base64") };
  if (value === null) return {};
  return isList(value)
    ? { arrayValue: { values: value.map(valueJson) } }
    : { kvlistValue: { values: attributesJson(value) } };
}
