import type { Delivery } from "../../component/delivery.ts";
import type { Codec, StateScope, Store } from "../../component/store.ts";
import { viewOf } from "../../lib/view-of.ts";
import { attributesKey } from "../../model/attributes.ts";
import type { Series } from "../../model/series.ts";
import type { Memo, SeriesTable } from "../../model/series-table.ts";

/** What the far end has of a cumulative series. */
export interface SentValue {
  readonly start: number;
  /** The value; of a histogram count, sum and the counts of its buckets. */
  readonly values: readonly number[];
}

/**
 * What was sent of each cumulative series: the next increment is what came since. It is in the store before the lines
 * leave, so a kill in between loses these lines at the most, and nothing is ever counted twice.
 */
export class SentValues {
  readonly #scope: StateScope<SentValue>;
  readonly #byKey = new Map<string, SentValue>();
  readonly #keys: Memo<string>;

  constructor(store: Store, table: SeriesTable) {
    this.#scope = store.scope(codec, "sent");
    this.#keys = table.memo();
  }

  async load(signal: AbortSignal): Promise<void> {
    for (const [key, value] of await this.#scope.load(signal)) this.#byKey.set(key, value);
  }

  get(series: Series): SentValue | undefined {
    return this.#byKey.get(this.#keyOf(series));
  }

  /** Both in memory and, with the delivery, in the store; undefined forgets it. */
  set(series: Series, value: SentValue | undefined, delivery: Delivery): void {
    const key = this.#keyOf(series);
    const before = this.#byKey.get(key);
    this.#change(key, value);
    if (value === undefined) delivery.transaction.delete(this.#scope, key);
    else delivery.transaction.put(this.#scope, key, value);
    delivery.transaction.onRolledBack(() => this.#change(key, before));
  }

  dispose(): void {
    this.#keys.dispose();
  }

  #change(key: string, value: SentValue | undefined): void {
    if (value === undefined) this.#byKey.delete(key);
    else this.#byKey.set(key, value);
  }

  #keyOf(series: Series): string {
    let key = this.#keys.get(series);
    if (key === undefined) {
      const { resource, metric, attributes } = series;
      key = JSON.stringify([attributesKey(resource.attributes), metric.name, attributesKey(attributes)]);
      this.#keys.set(series, key);
    }
    return key;
  }
}

const VERSION = 1;

/** A version, the start, the values: doubles, little endian. */
const codec: Codec<SentValue> = {
  encode({ start, values }) {
    const bytes = new Uint8Array(1 + 8 * (1 + values.length));
    const view = new DataView(bytes.buffer);
    view.setUint8(0, VERSION);
    for (const [index, value] of [start, ...values].entries()) view.setFloat64(1 + 8 * index, value, true);
    return bytes;
  },
  decode(bytes) {
    const view = viewOf(bytes);
    if (bytes.length < 9 || (bytes.length - 1) % 8 !== 0 || view.getUint8(0) !== VERSION) {
      throw new Error("not a sent value");
    }
    const [start = 0, ...values] = Array.from({ length: (bytes.length - 1) / 8 }, (_, index) =>
      view.getFloat64(1 + 8 * index, true),
    );
    return { start, values };
  },
};
