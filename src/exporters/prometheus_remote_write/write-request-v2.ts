import type { FamilyType } from "../../kit/prometheus/family.ts";
import { lengthField } from "../../model/otlp/attributes-codec.ts";
import { tag, VARINT, WireWriter } from "../../model/otlp/wire-writer.ts";
import { exemplarEnd, sampleBytes } from "./sample-bytes.ts";
import { exemplarLabels, type LabelSet, type TimeSeries } from "./time-series.ts";

/**
 * Remote write 2.0's `io.prometheus.write.v2.Request`:
 * https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/#protobuf-message
 *
 * Every text is written once, into a table, and named by its place there.
 */
export function writeRequestV2(all: readonly TimeSeries[]): Uint8Array {
  const symbols = new Symbols();
  const body = new WireWriter(64 * all.length);
  for (const { labels, family, samples, exemplars } of all) {
    const series = new WireWriter(96);
    lengthField(series, 1, symbols.references(labels));
    for (const sample of samples) lengthField(series, 2, sampleBytes(sample, true));
    for (const exemplar of exemplars) {
      const writer = new WireWriter(48);
      lengthField(writer, 1, symbols.references(exemplarLabels(exemplar)));
      exemplarEnd(writer, exemplar.value, exemplar.time);
      lengthField(series, 4, writer.finish());
    }
    const metadata = new WireWriter(24);
    numberField(metadata, 1, METRIC_TYPE[family.type]);
    numberField(metadata, 3, symbols.reference(family.help));
    numberField(metadata, 4, symbols.reference(family.unit));
    lengthField(series, 5, metadata.finish());
    lengthField(body, 5, series.finish());
  }
  const timeSeries = body.finish();
  const request = new WireWriter(timeSeries.length + 4096);
  for (const text of symbols.texts) lengthField(request, 4, Buffer.from(text));
  request.reserve(timeSeries.length);
  request.raw(timeSeries);
  return request.finish();
}

const METRIC_TYPE: Readonly<Record<FamilyType, number>> = { unknown: 0, counter: 1, gauge: 2, histogram: 3, info: 6 };
const REFERENCE_BYTES_MAX = 5;

class Symbols {
  /** The first is the empty text, which stands for what is not there. */
  readonly #places = new Map<string, number>([["", 0]]);

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

  /** A packed list. */
  references(texts: LabelSet): Uint8Array {
    const writer = new WireWriter(texts.length * REFERENCE_BYTES_MAX);
    for (const text of texts) writer.varint(this.reference(text));
    return writer.finish();
  }
}

function numberField(writer: WireWriter, field: number, value: number): void {
  writer.byte(tag(field, VARINT));
  writer.varint(value);
}
