import type { LogRecord } from "../../../model/log-records.ts";
import { bodyText } from "../text-of.ts";
import { int, type Value } from "../value.ts";
import { context, type Enums, type Path, type Paths } from "./context.ts";
import { upperPaths } from "./scope.ts";
import { attributes, attributeValue, nanoseconds, text, wholeNumber } from "./writing.ts";

const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"] as const;

/** `SEVERITY_NUMBER_TRACE` is 1, `SEVERITY_NUMBER_TRACE2` 2, up to `SEVERITY_NUMBER_FATAL4`, which is 24. */
const LOG_ENUMS: Enums = Object.fromEntries([
  ["SEVERITY_NUMBER_UNSPECIFIED", 0],
  ...LEVELS.flatMap((level, index) =>
    [1, 2, 3, 4].map((step) => [`SEVERITY_NUMBER_${level}${step === 1 ? "" : step}`, 4 * index + step]),
  ),
]);

const TRACE_ID_DIGITS = 32;
const SPAN_ID_DIGITS = 16;

const OWN: Paths<LogRecord> = {
  body: {
    ...item(
      "any",
      ({ body }) => body ?? undefined,
      (record, value) => ({ ...record, body: attributeValue(value) }),
    ),
    indexable: true,
  },
  "body.string": item(
    "string",
    ({ body }) => bodyText(body),
    (record, value) => ({ ...record, body: text(value) }),
  ),
  attributes: {
    ...item(
      "map",
      (record) => record.attributes,
      (record, value) => ({ ...record, attributes: attributes(value) }),
    ),
    indexable: true,
  },
  severity_number: item(
    "int",
    ({ severityNumber }) => severityNumber,
    (record, value) => ({ ...record, severityNumber: Number(wholeNumber(value)) }),
  ),
  severity_text: item(
    "string",
    ({ severityText }) => severityText,
    (record, value) => ({ ...record, severityText: text(value) }),
  ),
  event_name: item(
    "string",
    ({ eventName }) => eventName ?? "",
    (record, value) => ({ ...record, eventName: text(value) }),
  ),
  time_unix_nano: item(
    "int",
    ({ timeNanos }) => int(timeNanos),
    (record, value) => ({ ...record, timeNanos: nanoseconds(value) }),
  ),
  observed_time_unix_nano: item(
    "int",
    ({ observedTimeNanos }) => int(observedTimeNanos),
    (record, value) => ({ ...record, observedTimeNanos: nanoseconds(value) }),
  ),
  "trace_id.string": item("string", ({ traceId = "" }) => traceId.padStart(TRACE_ID_DIGITS, "0")),
  "span_id.string": item("string", ({ spanId = "" }) => spanId.padStart(SPAN_ID_DIGITS, "0")),
};

function item(
  type: Path<LogRecord>["type"],
  read: (record: LogRecord) => Value,
  write?: (record: LogRecord, value: Value) => LogRecord,
): Path<LogRecord> {
  return { type, reach: "item", indexable: false, read, ...(write === undefined ? {} : { write }) };
}

export const logContext = context<LogRecord>("log", OWN, upperPaths(), LOG_ENUMS);
