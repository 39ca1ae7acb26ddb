import type { Codec, ValueScope } from "../../component/store.ts";
import { viewOf } from "../../lib/view-of.ts";

/**
 * Rows on their way between two threads: a few large pieces, since a message costs by the object and not by the byte.
 * `numbers` has three for each row: which of `scopes` it is in, how long its key is in `keys` (UTF-16 units), and how
 * long its value is in `values` (bytes), or `REMOVED`.
 */
export interface PackedRows {
  readonly scopes: readonly ScopeName[];
  readonly keys: string;
  readonly numbers: Int32Array;
  readonly values: Uint8Array<ArrayBuffer>;
}

/** A scope as both threads name it. */
export type ScopeName = Pick<ValueScope<unknown>, "name" | "archived">;

/** A row that is to go; stands where the length of a value would. */
const REMOVED = -1;
const BYTES_PER_VALUE_GUESS = 128;

/** Puts rows together; values are encoded straight into the buffer that is handed over where their codec can do that. */
export class RowPacker {
  readonly #scopes: ScopeName[] = [];
  /** The one that the last row is in: many rows in a row are of one scope. */
  #scope = 0;
  readonly #numbers: Int32Array<ArrayBuffer>;
  #rows = 0;
  #keys = "";
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView<ArrayBuffer>;
  #length = 0;

  /** `spare` is written over where it is given: a new buffer costs more than what is put into it. */
  constructor(rowsMax: number, spare?: ArrayBuffer) {
    this.#numbers = new Int32Array(3 * rowsMax);
    this.#bytes = new Uint8Array(spare ?? new ArrayBuffer(rowsMax * BYTES_PER_VALUE_GUESS));
    this.#view = new DataView(this.#bytes.buffer);
  }

  get bytes(): number {
    return this.#length;
  }

  add<T>(scope: ValueScope<T>, key: string, value: T): void {
    const { direct } = scope.codec;
    if (direct === undefined) {
      this.addBytes(scope, key, scope.codec.encode(value));
      return;
    }
    const length = direct.size(value);
    this.#reserve(length);
    direct.write(value, this.#view, this.#length);
    this.#row(scope, key, length);
  }

  addBytes(scope: ScopeName, key: string, value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#row(scope, key, value.length);
  }

  addRemoved(scope: ScopeName, key: string): void {
    this.#row(scope, key, REMOVED);
  }

  packed(): PackedRows {
    const numbers = this.#numbers.subarray(0, 3 * this.#rows);
    return { scopes: this.#scopes, keys: this.#keys, numbers, values: this.#bytes.subarray(0, this.#length) };
  }

  #row(scope: ScopeName, key: string, length: number): void {
    if (!isSame(scope, this.#scopes[this.#scope])) {
      const known = this.#scopes.findIndex((other) => isSame(scope, other));
      this.#scope = known < 0 ? this.#scopes.push(named(scope)) - 1 : known;
    }
    const numbers = this.#numbers;
    const at = 3 * this.#rows++;
    numbers[at] = this.#scope;
    numbers[at + 1] = key.length;
    numbers[at + 2] = length;
    this.#keys += key;
    if (length > 0) this.#length += length;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = new Uint8Array(new ArrayBuffer(Math.max(2 * this.#bytes.length, this.#length + bytes)));
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

function isSame({ name, archived }: ScopeName, other: ScopeName | undefined): boolean {
  return other !== undefined && other.name === name && other.archived === archived;
}

/** Without what cannot go to another thread. */
export function named({ name, archived }: ScopeName): ScopeName {
  return archived === true ? { name, archived } : { name };
}

/** The parts of a message that change hands instead of being copied. */
export function transferable({ numbers, values }: PackedRows): ArrayBuffer[] {
  return [numbers.buffer as ArrayBuffer, values.buffer];
}

/**
 * Calls back for each row, one scope after the other; `value` undefined: the row is to go. Values are parts of the
 * message's own buffer.
 */
export function eachRow(
  rows: PackedRows,
  row: (scope: ScopeName, key: string, value: Uint8Array | undefined) => void,
): void {
  const { values } = rows;
  eachPlace(rows, (scope, key, at, length) =>
    row(scope, key, length === REMOVED ? undefined : values.subarray(at, at + length)),
  );
}

/** Decodes each row; none of them is to go. `failed` hears of those that the codec does not take. */
export function eachDecoded<T>(
  rows: PackedRows,
  codec: Codec<T>,
  row: (key: string, value: T) => void,
  failed: (key: string, thrown: unknown) => void,
): void {
  const { values } = rows;
  const { direct } = codec;
  const view = viewOf(values);
  eachPlace(rows, (_, key, at, length) => {
    let value: T;
    try {
      value = direct ? direct.read(view, at, length) : codec.decode(values.subarray(at, at + length));
    } catch (thrown) {
      failed(key, thrown);
      return;
    }
    row(key, value);
  });
}

/**
 * One scope after the other, and within each in the order in which rows were added. Rows of a scope are neighbours in the
 * store's file: where more pages are changed than SQLite keeps in memory, it writes out some on the way, and those that
 * are changed once more after that cost it most.
 */
function eachPlace(
  { scopes, keys, numbers }: PackedRows,
  row: (scope: ScopeName, key: string, at: number, length: number) => void,
): void {
  for (let scope = 0; scope < scopes.length; scope++) {
    let keyAt = 0;
    let valueAt = 0;
    for (let at = 0; at < numbers.length; at += 3) {
      const keyEnd = keyAt + numbers[at + 1]!;
      const length = numbers[at + 2]!;
      if (numbers[at] === scope) row(scopes[scope]!, keys.slice(keyAt, keyEnd), valueAt, length);
      keyAt = keyEnd;
      if (length > 0) valueAt += length;
    }
  }
}
