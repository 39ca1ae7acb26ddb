import type { Metric, MetricType } from "../series.ts";
import type { WireReader } from "./wire-reader.ts";
import { LENGTH, tag, VARINT } from "./wire-writer.ts";

/** What a metric is but for the kind of its numbers, which its points tell. */
export type MetricHead = Omit<Metric, "number">;

const TYPE_OF_FIELD: Readonly<Record<number, MetricType>> = {
  5: "gauge",
  7: "sum",
  9: "histogram",
  10: "exponential_histogram",
  11: "summary",
};

const TEMPORALITIES = ["unspecified", "delta", "cumulative"] as const;

/** Where the data of a metric stands, and what of it is known without a look at that. */
export interface FoundData {
  readonly type: MetricType;
  readonly from: number;
  readonly to: number;
  /** Type, and the bytes of everything in the metric but its data. */
  readonly key: string;
  readonly metricFrom: number;
}

/** What stands behind the points. */
export interface DataTail {
  readonly temporality: Metric["temporality"];
  readonly monotonic: boolean;
}

/** Looks through a metric for its data. */
export function findData(reader: WireReader, end: number): FoundData | undefined {
  const metricFrom = reader.at;
  let type: MetricType | undefined;
  let dataAt = 0;
  let from = 0;
  let to = 0;
  while (reader.at < end) {
    const fieldAt = reader.at;
    const field = reader.varint();
    const its = (field & 7) === LENGTH ? TYPE_OF_FIELD[field >> 3] : undefined;
    if (its === undefined) {
      reader.skip(field & 7, end);
      continue;
    }
    type = its;
    dataAt = fieldAt;
    to = reader.lengthEnd(end);
    from = reader.at;
    reader.at = to;
  }
  if (type === undefined) return undefined;
  const { bytes } = reader;
  const head = bytes.latin1Slice(metricFrom, dataAt) + (to === end ? "" : bytes.latin1Slice(to, end));
  return { type, from, to, key: `${type} ${head}`, metricFrom };
}

/** Looks through a metric's data for what stands behind its points. */
export function readTail(reader: WireReader, { type, from, to }: FoundData): DataTail {
  let temporality: Metric["temporality"] = "unspecified";
  let monotonic = false;
  reader.at = from;
  if (type !== "gauge" && type !== "summary") {
    while (reader.at < to) {
      const field = reader.varint();
      if (field === tag(2, VARINT)) temporality = TEMPORALITIES[reader.varint()] ?? "unspecified";
      else if (field === tag(3, VARINT) && type === "sum") monotonic = reader.varint() !== 0;
      else reader.skip(field & 7, to);
    }
  }
  return { temporality, monotonic };
}

export function readHead(reader: WireReader, { type, metricFrom }: FoundData, tail: DataTail, end: number): MetricHead {
  const texts = { 1: "", 2: "", 3: "" };
  reader.at = metricFrom;
  while (reader.at < end) {
    const field = reader.varint();
    if (field === tag(1, LENGTH) || field === tag(2, LENGTH) || field === tag(3, LENGTH)) {
      texts[(field >> 3) as 1 | 2 | 3] = reader.text(reader.lengthEnd(end));
    } else reader.skip(field & 7, end);
  }
  return { name: texts[1], description: texts[2], unit: texts[3], type, ...tail };
}
