import { WireReader } from "../../src/model/otlp/wire-reader.ts";
import { snappyDecompressed } from "./snappy-decompressed.ts";

/** What a remote write's request says, read by its .proto and not by our writers. */
export interface ReadSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** The names in the order in which they stand. */
  readonly names: readonly string[];
  /** `value@time`, `stale@time`; with `value@time from start` where there is one. */
  readonly samples: readonly string[];
  readonly exemplars: readonly { readonly labels: Readonly<Record<string, string>>; readonly sample: string }[];
  /** Of 2.0: type, help and unit. */
  readonly metadata?: readonly [type: number, help: string, unit: string];
}

type Fields = ReadonlyMap<number, readonly (Uint8Array | number | bigint)[]>;

export function readWriteRequestV1(body: Uint8Array): ReadSeries[] {
  return messages(fieldsOf(snappyDecompressed(body)), 1).map((series) => {
    const pairsOf = (fields: Fields) =>
      messages(fields, 1).map((label): [string, string] => [text(label, 1), text(label, 2)]);
    return readSeries(series, pairsOf, 3);
  });
}

export function readWriteRequestV2(body: Uint8Array): ReadSeries[] {
  const request = fieldsOf(snappyDecompressed(body));
  const symbols = (request.get(4) ?? []).map((bytes) => Buffer.from(bytes as Uint8Array).toString());
  if (symbols[0] !== "" || new Set(symbols).size !== symbols.length) throw new Error("not a table of symbols");
  const symbol = (reference: number) => {
    const found = symbols[reference];
    if (found === undefined) throw new Error(`no symbol ${reference}`);
    return found;
  };
  return messages(request, 5).map((series) => {
    const pairsOf = (fields: Fields) => {
      const references = varints(fields.get(1)![0] as Uint8Array);
      return Array.from({ length: references.length / 2 }, (_, index): [string, string] => [
        symbol(references[2 * index]!),
        symbol(references[2 * index + 1]!),
      ]);
    };
    const [metadata] = messages(series, 5);
    const number = (field: number) => Number(metadata!.get(field)?.[0] ?? 0);
    return { ...readSeries(series, pairsOf, 4), metadata: [number(1), symbol(number(3)), symbol(number(4))] };
  });
}

function readSeries(
  series: Fields,
  pairsOf: (fields: Fields) => [string, string][],
  exemplarField: number,
): ReadSeries {
  const pairs = pairsOf(series);
  return {
    labels: Object.fromEntries(pairs),
    names: pairs.map(([name]) => name),
    samples: messages(series, 2).map((sample) => {
      const start = Number(sample.get(3)?.[0] ?? 0);
      return `${double(sample, 1)}@${Number(sample.get(2)![0])}${start === 0 ? "" : ` from ${start}`}`;
    }),
    exemplars: messages(series, exemplarField).map((exemplar) => ({
      labels: Object.fromEntries(pairsOf(exemplar)),
      sample: `${double(exemplar, 2)}@${Number(exemplar.get(3)![0])}`,
    })),
  };
}

function fieldsOf(bytes: Uint8Array): Fields {
  const fields = new Map<number, (Uint8Array | number | bigint)[]>();
  const reader = new WireReader(bytes);
  while (reader.at < bytes.length) {
    const key = reader.varint();
    const list = fields.get(key >> 3) ?? [];
    fields.set(key >> 3, list);
    if ((key & 7) === 0) list.push(reader.int64());
    else if ((key & 7) === 1) {
      list.push(Buffer.from(bytes).readBigUInt64LE(reader.at));
      reader.at += 8;
    } else {
      const end = reader.lengthEnd(bytes.length);
      list.push(bytes.subarray(reader.at, end));
      reader.at = end;
    }
  }
  return fields;
}

const messages = (fields: Fields, field: number) =>
  (fields.get(field) ?? []).map((each) => fieldsOf(each as Uint8Array));
const text = (fields: Fields, field: number) => Buffer.from(fields.get(field)![0] as Uint8Array).toString();

function double(fields: Fields, field: number): string {
  const bits = fields.get(field)![0] as bigint;
  if (bits === 0x7ff0000000000002n) return "stale";
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(bits);
  return String(bytes.readDoubleLE());
}

function varints(bytes: Uint8Array): number[] {
  const reader = new WireReader(bytes);
  const all: number[] = [];
  while (reader.at < bytes.length) all.push(reader.varint());
  return all;
}
