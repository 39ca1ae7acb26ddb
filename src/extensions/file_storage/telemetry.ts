import type { Counter, Meter, MetricDescription } from "../../component/meter.ts";

const SIZE: MetricDescription = {
  name: "gostcol_extension_file_storage_size",
  description: "The size of the store's file, without its write-ahead log.",
  unit: "By",
};
const SIZE_MAX: MetricDescription = {
  name: "gostcol_extension_file_storage_max_size",
  description: "How large the store's file may grow.",
  unit: "By",
};
const ROWS_SET_ASIDE: MetricDescription = {
  name: "gostcol_extension_file_storage_rows_set_aside",
  description: "Stored rows that could not be read; they are kept in a table of their own.",
  unit: "{row}",
};
const FILES_SET_ASIDE: MetricDescription = {
  name: "gostcol_extension_file_storage_files_set_aside",
  description: "Stores that could not be used; they are kept under another name.",
  unit: "{file}",
};

export const TELEMETRY = [SIZE, SIZE_MAX, ROWS_SET_ASIDE, FILES_SET_ASIDE] as const;

/** The extension's own numbers. */
export class Telemetry {
  readonly rowsSetAside: Counter;
  readonly filesSetAside: Counter;
  readonly #meter: Meter;

  constructor(meter: Meter) {
    this.#meter = meter;
    this.rowsSetAside = meter.counter(ROWS_SET_ASIDE);
    this.filesSetAside = meter.counter(FILES_SET_ASIDE);
  }

  /** Until the returned function is called. */
  showSize(size: () => number, sizeMax: number): () => void {
    const cancels = [
      this.#meter.gauge(SIZE, () => [{ value: size() }]),
      this.#meter.gauge(SIZE_MAX, () => [{ value: sizeMax }]),
    ];
    return () => {
      for (const cancel of cancels) cancel();
    };
  }
}
