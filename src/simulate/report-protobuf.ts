import { type GostEvent, type Stats, stateMessage } from "./report.ts";

/** The message of a report over gRPC: `ObserveRequest` as proto3 writes it, so zeros and empty texts are absent. */
export function reportProtobuf(events: readonly GostEvent[]): Uint8Array {
  return Buffer.concat(events.map((event) => message(1, eventFields(event))));
}

function eventFields(event: GostEvent): Uint8Array[] {
  const head = [text(1, event.kind), text(2, event.service)];
  if (event.type === "status") {
    const status = [text(1, event.state), text(2, stateMessage(event.service, event.state))];
    return [...head, text(4, "status"), message(6, status)];
  }
  return [...head, text(3, event.client), text(4, "stats"), message(5, statsFields(event.stats))];
}

function statsFields(stats: Stats): Uint8Array[] {
  return [
    count(1, stats.totalConns),
    count(2, stats.currentConns),
    count(3, stats.inputBytes),
    count(4, stats.outputBytes),
    count(5, stats.totalErrs),
  ];
}

const NOTHING = new Uint8Array(0);
const VARINT = 0;
const LENGTH_DELIMITED = 2;

function message(field: number, parts: readonly Uint8Array[]): Uint8Array {
  return lengthDelimited(field, Buffer.concat(parts));
}

function text(field: number, value: string): Uint8Array {
  return value === "" ? NOTHING : lengthDelimited(field, Buffer.from(value));
}

function count(field: number, value: number): Uint8Array {
  return value === 0 ? NOTHING : Uint8Array.from([...varint((field << 3) | VARINT), ...varint(value)]);
}

function lengthDelimited(field: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.from([...varint((field << 3) | LENGTH_DELIMITED), ...varint(bytes.length)]), bytes]);
}

/** Seven bits a byte, the lowest first; division instead of shifts, for counts go above 32 bits. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return bytes;
}
