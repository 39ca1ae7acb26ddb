import type { FamilyType } from "../../kit/prometheus/family.ts";
import { lengthField } from "../../model/otlp/attributes-codec.ts";
import { fieldSize, LENGTH, tag, VARINT, varintSize, WireWriter } from "../../model/otlp/wire-writer.ts";
import { exemplarBytes, sampleFieldSize, writeSampleField } from "./sample-fields.ts";
import { exemplarLabels, type LabelSet, type TimeSeries } from "./time-series.ts";

const METRIC_TYPE: Readonly<Record<FamilyType, number>> = { unknown: 0, counter: 1, gauge: 2, histogram: 3, info: 6 };

/**
 * Remote write 2.0's `io.prometheus.write.v2.Request`:
 * https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/#protobuf-message
 *
 * Every text is written once, into a table, and named by its place there.
 */
export function writeRequestV2(all: readonly TimeSeries[]): Uint8Array {
  const symbols = new Symbols();
  const writer = new WireWriter(96 * all.length);
  for (const timeSeries of all) writeTimeSeries(writer, timeSeries, symbols);
  const body = writer.finish();
  const request = new WireWriter(body.length + 16 * symbols.size);
  for (const text of symbols.texts) lengthField(request, 4, Buffer.from(text));
  request.reserve(body.length);
  request.raw(body);
  return request.finish();
}

function writeTimeSeries(
  writer: WireWriter,
  { labels, family, samples, exemplars }: TimeSeries,
  symbols: Symbols,
): void {
  const references = symbols.references(labels);
  const exemplarList = exemplars.map((exemplar) => {
    const its = symbols.references(exemplarLabels(exemplar));
    const field = new WireWriter(fieldSize(sizeOf(its)));
    writeReferences(field, its);
    return exemplarBytes(exemplar, field.finish());
  });
  const help = symbols.reference(family.help);
  const unit = symbols.reference(family.unit);
  const metadataSize = 4 + varintSize(help) + varintSize(unit);
  let size = fieldSize(sizeOf(references)) + fieldSize(metadataSize);
  for (const sample of samples) size += sampleFieldSize(sample, true);
  for (const bytes of exemplarList) size += fieldSize(bytes.length);
  writer.reserve(fieldSize(size));
  writer.byte(tag(5, LENGTH));
  writer.varint(size);
  writeReferences(writer, references);
  for (const sample of samples) writeSampleField(writer, sample, true);
  for (const bytes of exemplarList) lengthField(writer, 4, bytes);
  writer.byte(tag(5, LENGTH));
  writer.varint(metadataSize);
  numberField(writer, 1, METRIC_TYPE[family.type]);
  numberField(writer, 3, help);
  numberField(writer, 4, unit);
}

class Symbols {
  /** The first is the empty text, which stands for what is not there. */
  readonly #places = new Map<string, number>([["", 0]]);

  get size(): number {
    return this.#places.size;
  }

  get texts(): Iterable<string> {
    return this.#places.keys();
  }

  reference(text: string): number {
    let place = this.#places.get(text);
    if (place === undefined) {
      place = this.#places.size;
      this.#places.set(text, place);
    }
    return place;
  }

  references(texts: LabelSet): readonly number[] {
    return texts.map((text) => this.reference(text));
  }
}

function sizeOf(references: readonly number[]): number {
  let size = 0;
  for (const reference of references) size += varintSize(reference);
  return size;
}

/** Field 1, a packed list. */
function writeReferences(writer: WireWriter, references: readonly number[]): void {
  writer.byte(tag(1, LENGTH));
  writer.varint(sizeOf(references));
  for (const reference of references) writer.varint(reference);
}

function numberField(writer: WireWriter, field: number, value: number): void {
  writer.byte(tag(field, VARINT));
  writer.varint(value);
}
