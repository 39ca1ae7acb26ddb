import { lengthField } from "../../model/otlp/attributes-codec.ts";
import { WireWriter } from "../../model/otlp/wire-writer.ts";
import { exemplarEnd, sampleBytes } from "./sample-bytes.ts";
import { exemplarLabels, type LabelSet, type TimeSeries } from "./time-series.ts";

/**
 * Remote write 1.0's `prometheus.WriteRequest`: https://prometheus.io/docs/specs/prw/remote_write_spec/#protocol
 *
 * Every series carries its labels as texts, which are encoded once and remembered.
 */
export class WriteRequestV1 {
  readonly #encoded = new WeakMap<LabelSet, Uint8Array>();

  write(all: readonly TimeSeries[]): Uint8Array {
    const request = new WireWriter(256 * all.length);
    for (const { labels, samples, exemplars } of all) {
      const series = new WireWriter(256);
      const encoded = this.#labelBytes(labels);
      series.reserve(encoded.length);
      series.raw(encoded);
      for (const sample of samples) lengthField(series, 2, sampleBytes(sample, false));
      for (const exemplar of exemplars) {
        const writer = new WireWriter(128);
        writeLabels(writer, exemplarLabels(exemplar));
        exemplarEnd(writer, exemplar.value, exemplar.time);
        lengthField(series, 3, writer.finish());
      }
      lengthField(request, 1, series.finish());
    }
    return request.finish();
  }

  #labelBytes(labels: LabelSet): Uint8Array {
    let bytes = this.#encoded.get(labels);
    if (bytes === undefined) {
      const writer = new WireWriter(256);
      writeLabels(writer, labels);
      bytes = writer.finish();
      this.#encoded.set(labels, bytes);
    }
    return bytes;
  }
}

function writeLabels(writer: WireWriter, labels: LabelSet): void {
  for (let index = 0; index < labels.length; index += 2) {
    const label = new WireWriter(64);
    lengthField(label, 1, Buffer.from(labels[index]!));
    lengthField(label, 2, Buffer.from(labels[index + 1]!));
    lengthField(writer, 1, label.finish());
  }
}
