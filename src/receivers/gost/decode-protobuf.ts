import { COUNTS, type CountName } from "./counts.ts";
import type { Malformed, ParsedReport } from "./report.ts";

/**
 * Reads the message of an observer's gRPC call (`proto/observer.proto`), by hand: twice the speed of a generated reader,
 * and 64-bit counts are exact. Zero values are absent from the wire. Unknown fields are skipped.
 */
export function decodeProtobuf(message: Uint8Array): ParsedReport | Malformed {
  try {
    const events: unknown[] = [];
    const reader = new ProtobufReader(message);
    reader.fields(message.length, (field, wire) => {
      if (field !== 1 || wire !== BYTES) return reader.skip(wire);
      events.push(readEvent(reader));
    });
    return { events, exactly: (index) => events[index] };
  } catch (error) {
    if (!(error instanceof BrokenMessage)) throw error;
    return { reason: "not_protobuf", message: `the message is not a proto.ObserveRequest: ${error.message}` };
  }
}

interface ProtobufEvent {
  kind: string;
  service: string;
  client: string;
  type: string;
  stats?: Stats;
  status?: Status;
}

type Stats = Record<CountName, number | bigint>;

interface Status {
  state: string;
  msg: string;
}

function readEvent(reader: ProtobufReader): ProtobufEvent {
  const event: ProtobufEvent = { kind: "", service: "", client: "", type: "" };
  reader.fields(reader.length(), (field, wire) => {
    if (wire !== BYTES) return reader.skip(wire);
    if (field === 1) event.kind = reader.text();
    else if (field === 2) event.service = reader.text();
    else if (field === 3) event.client = reader.text();
    else if (field === 4) event.type = reader.text();
    else if (field === 5) event.stats = readStats(reader, event.stats);
    else if (field === 6) event.status = readStatus(reader, event.status);
    else reader.skip(wire);
  });
  return event;
}

/** A message that comes twice in its event is one: the later fields win. */
function readStats(reader: ProtobufReader, stats: Stats = noStats()): Stats {
  reader.fields(reader.length(), (field, wire) => {
    const name = COUNTS[field - 1];
    if (name === undefined || wire !== VARINT) reader.skip(wire);
    else stats[name] = reader.uint64();
  });
  return stats;
}

const noStats = (): Stats => ({ totalConns: 0, currentConns: 0, inputBytes: 0, outputBytes: 0, totalErrs: 0 });

function readStatus(reader: ProtobufReader, status: Status = { state: "", msg: "" }): Status {
  reader.fields(reader.length(), (field, wire) => {
    if (wire !== BYTES) reader.skip(wire);
    else if (field === 1) status.state = reader.text();
    else if (field === 2) status.msg = reader.text();
    else reader.skip(wire);
  });
  return status;
}

/** Wire types: https://protobuf.dev/programming-guides/encoding/#structure. Groups (3, 4) are in no proto3 message. */
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

class BrokenMessage extends Error {}

class ProtobufReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(message: Uint8Array) {
    this.#bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  }

  /** Calls `read` behind the tag of each field in the next `length` bytes; it must read or skip the field's value. */
  fields(length: number, read: (field: number, wire: number) => void): void {
    const end = this.#at + length;
    while (this.#at < end) {
      const tag = this.uint64();
      if (typeof tag === "bigint" || tag < 8 || tag >= 2 ** 32) throw new BrokenMessage("a bad tag");
      read(Math.floor(tag / 8), tag % 8);
    }
    if (this.#at !== end) throw new BrokenMessage("a field is longer than the message that it is in");
  }

  /** A number where that is exact, else a `bigint`. */
  uint64(): number | bigint {
    let value = 0;
    for (let index = 0, factor = 1; index < 7; index++, factor *= 128) {
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    let exact = BigInt(value);
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      exact |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return exact <= Number.MAX_SAFE_INTEGER ? Number(exact) : BigInt.asUintN(64, exact);
    }
    throw new BrokenMessage("a number of more than ten bytes");
  }

  /** The length in front of a text or a message, which is all there. */
  length(): number {
    const length = this.uint64();
    if (length > this.#bytes.length - this.#at) throw new BrokenMessage("it is cut short");
    return Number(length);
  }

  text(): string {
    const from = this.#passBytes();
    return this.#bytes.toString("utf8", from, this.#at);
  }

  skip(wire: number): void {
    if (wire === VARINT) this.uint64();
    else if (wire === FIXED64) this.#at += 8;
    else if (wire === BYTES) this.#passBytes();
    else if (wire === FIXED32) this.#at += 4;
    else throw new BrokenMessage(`wire type ${wire}`);
    if (this.#at > this.#bytes.length) throw new BrokenMessage("it is cut short");
  }

  /** Moves behind a text or a message, and gives where it began. */
  #passBytes(): number {
    const length = this.length();
    const from = this.#at;
    this.#at += length;
    return from;
  }

  #byte(): number {
    if (this.#at >= this.#bytes.length) throw new BrokenMessage("it is cut short");
    return this.#bytes[this.#at++]!;
  }
}
