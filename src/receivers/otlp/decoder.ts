import type { Deps } from "../../component/component.ts";
import { LimitedSeries } from "../../model/limited-series.ts";
import { ItemBudget, TooManyItems } from "../../model/otlp/item-budget.ts";
import { readMetricsJson } from "../../model/otlp/json-metrics-reader.ts";
import { parseRequest, readLogsJson, readTracesJson } from "../../model/otlp/json-reader.ts";
import { JsonError } from "../../model/otlp/json-values.ts";
import { readLogs } from "../../model/otlp/logs-codec.ts";
import { MetricsReader } from "../../model/otlp/metrics-reader.ts";
import { readTraces } from "../../model/otlp/spans-codec.ts";
import { WireError } from "../../model/otlp/wire-reader.ts";
import type { Batches, Signal } from "../../model/signal.ts";
import type { Encoding } from "./answers.ts";
import { type Failed, failed } from "./verdict.ts";

export interface DecoderLimits {
  readonly seriesMax: number;
  readonly itemsMax: number;
}

/** What a request says, and how many of its points there was no room for. */
export interface Decoded<S extends Signal> {
  readonly batch: Batches[S];
  readonly rejected: number;
  /** Series that it brought into being. */
  readonly newSeries: number;
}

type Readers = { readonly [S in Signal]: (body: Uint8Array, items: ItemBudget) => Batches[S] };

/** Reads export requests of each signal in both encodings. */
export class Decoder {
  readonly #limits: DecoderLimits;
  readonly #series: LimitedSeries;
  readonly #metrics: MetricsReader;
  readonly #readers: Readonly<Record<Encoding, Readers>>;

  constructor({ series: table, random }: Pick<Deps, "series" | "random">, limits: DecoderLimits) {
    this.#limits = limits;
    const source = new LimitedSeries(table, limits.seriesMax);
    const metrics = new MetricsReader(table, { source, seed: random.integer(2 ** 32) });
    this.#series = source;
    this.#metrics = metrics;
    this.#readers = {
      proto: {
        metrics: (body, items) => metrics.read(body, items),
        traces: (body, items) => readTraces(body, table, items),
        logs: (body, items) => readLogs(body, table, items),
      },
      json: {
        metrics: (body, items) => readMetricsJson(parseRequest(body), { table, source, items }),
        traces: (body, items) => readTracesJson(parseRequest(body), table, items),
        logs: (body, items) => readLogsJson(parseRequest(body), table, items),
      },
    };
  }

  /** How many series there are because of what was read here. */
  get seriesCount(): number {
    return this.#series.size;
  }

  decode<S extends Signal>(signal: S, encoding: Encoding, body: Uint8Array): Decoded<S> | Failed {
    const { size, refused } = this.#series;
    try {
      const batch = this.#readers[encoding][signal](body, new ItemBudget(this.#limits.itemsMax));
      return { batch, rejected: this.#series.refused - refused, newSeries: this.#series.size - size };
    } catch (thrown) {
      if (thrown instanceof TooManyItems) return failed("too_large", "too_many_items", thrown.message);
      if (thrown instanceof WireError) return failed("malformed", "bad_protobuf", `no OTLP: ${thrown.message}`);
      if (thrown instanceof JsonError) return failed("malformed", "bad_json", `no OTLP: ${thrown.message}`);
      throw thrown;
    }
  }

  dispose(): void {
    this.#metrics.dispose();
    this.#series.dispose();
  }
}
