import { lengthField } from "../../model/otlp/attributes-codec.ts";
import { fieldSize, LENGTH, tag, WireWriter } from "../../model/otlp/wire-writer.ts";
import { exemplarBytes, sampleFieldSize, writeSampleField } from "./sample-fields.ts";
import { exemplarLabels, type LabelSet, type TimeSeries } from "./time-series.ts";

/**
 * Remote write 1.0's `prometheus.WriteRequest`: https://prometheus.io/docs/specs/prw/remote_write_spec/#protocol
 *
 * Every series carries its labels as texts, which are encoded once and remembered.
 */
export class WriteRequestV1 {
  readonly #encoded = new WeakMap<LabelSet, Uint8Array>();

  write(all: readonly TimeSeries[]): Uint8Array {
    const writer = new WireWriter(256 * all.length);
    for (const { labels, samples, exemplars } of all) {
      const encoded = this.#labelBytes(labels);
      const exemplarList = exemplars.map((exemplar) => exemplarBytes(exemplar, labelBytes(exemplarLabels(exemplar))));
      let size = encoded.length;
      for (const sample of samples) size += sampleFieldSize(sample, false);
      for (const bytes of exemplarList) size += fieldSize(bytes.length);
      writer.reserve(fieldSize(size));
      writer.byte(tag(1, LENGTH));
      writer.varint(size);
      writer.raw(encoded);
      for (const sample of samples) writeSampleField(writer, sample, false);
      for (const bytes of exemplarList) lengthField(writer, 3, bytes);
    }
    return writer.finish();
  }

  #labelBytes(labels: LabelSet): Uint8Array {
    let bytes = this.#encoded.get(labels);
    if (bytes === undefined) {
      bytes = labelBytes(labels);
      this.#encoded.set(labels, bytes);
    }
    return bytes;
  }
}

function labelBytes(labels: LabelSet): Uint8Array {
  const writer = new WireWriter(256);
  for (let index = 0; index < labels.length; index += 2) {
    const label = new WireWriter(64);
    lengthField(label, 1, Buffer.from(labels[index]!));
    lengthField(label, 2, Buffer.from(labels[index + 1]!));
    lengthField(writer, 1, label.finish());
  }
  return writer.finish();
}
