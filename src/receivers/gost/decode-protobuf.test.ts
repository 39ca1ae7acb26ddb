import { join } from "node:path";
import { loadSync, type MessageTypeDefinition, type ServiceDefinition } from "@grpc/proto-loader";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeProtobuf } from "./decode-protobuf.ts";
import { isMalformed } from "./report.ts";

const PROTO = join(import.meta.dirname, "../../../proto/observer.proto");
const observer = loadSync(PROTO, { keepCase: true, longs: String, defaults: true })[
  "proto.Observer"
] as ServiceDefinition;
const { requestSerialize, requestDeserialize } = observer["Observe"]!;

const uint64 = fc.oneof(
  fc.nat().map(BigInt),
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  fc.constantFrom(2n ** 49n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n),
);
const text = fc.string({ unit: "grapheme" });
const event = fc.record(
  {
    kind: text,
    service: text,
    client: text,
    type: text,
    stats: fc.record(
      { totalConns: uint64, currentConns: uint64, inputBytes: uint64, outputBytes: uint64, totalErrs: uint64 },
      { requiredKeys: [] },
    ),
    status: fc.record({ state: text, msg: text }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
);

/** The same events with every number as its digits, which is how the oracle gives them. */
function plain(events: readonly unknown[]): unknown {
  return JSON.parse(
    JSON.stringify(events, (_key, value: unknown) =>
      typeof value === "bigint" || typeof value === "number" ? String(value) : value,
    ),
  );
}

/** What the oracle reads; it says null where we leave a message out. */
function expected(bytes: Buffer): unknown {
  const { events } = requestDeserialize(bytes) as { events: Record<string, unknown>[] };
  return events.map((each) => Object.fromEntries(Object.entries(each).filter(([, value]) => value !== null)));
}

function decoded(bytes: Uint8Array): readonly unknown[] {
  const report = decodeProtobuf(bytes);
  if (isMalformed(report)) throw new Error(report.message);
  return report.events;
}

const varint = (value: number) => (value < 128 ? [value] : [(value % 128) | 128, Math.floor(value / 128)]);
const field = (tag: number, ...bytes: number[]) => [tag, ...varint(bytes.length), ...bytes];

describe("the reader of gRPC messages", () => {
  test("reads what a generated reader reads", () => {
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const bytes = requestSerialize({ events: JSON.parse(JSON.stringify(plain(events))) });
        expect(plain(decoded(bytes))).toEqual(expected(bytes));
      }),
    );
  });

  test("counts above 2^53 are exact, as bigint", () => {
    const stats = {
      totalConns: "9007199254740991",
      currentConns: "18446744073709551615",
      inputBytes: "9007199254740993",
    };
    const [read] = decoded(requestSerialize({ events: [{ stats }] }));
    expect(read).toMatchObject({
      stats: {
        totalConns: 9007199254740991,
        currentConns: 18446744073709551615n,
        inputBytes: 9007199254740993n,
        outputBytes: 0,
      },
    });
  });

  test("skips fields that it does not know, of every wire type", () => {
    const unknown = [0x78, 0x96, 0x01, 0x79, 1, 2, 3, 4, 5, 6, 7, 8, 0x7a, 2, 9, 9, 0x7d, 1, 2, 3, 4];
    const bytes = Uint8Array.from([
      ...unknown,
      ...field(0x0a, ...unknown, ...field(0x0a, 0x61), ...unknown),
      ...unknown,
    ]);
    expect(decoded(bytes)).toEqual([{ kind: "a", service: "", client: "", type: "" }]);
  });

  test("takes a known field of another wire type for an unknown one", () => {
    expect(decoded(Uint8Array.from([0x08, 5]))).toEqual([]);
    expect(decoded(Uint8Array.from(field(0x0a, 0x08, 5)))).toEqual([{ kind: "", service: "", client: "", type: "" }]);
  });

  test.each([
    ["cut in a tag", [0x8a]],
    ["cut in a length", [0x0a, 0x80]],
    ["cut in an event", [0x0a, 5, 0x0a]],
    ["cut in a text", [0x0a, 2, 0x0a, 3]],
    ["a text longer than its event", [...field(0x0a, 0x0a, 2, 0x61), 0x61]],
    ["cut in a fixed number", [0x09, 1, 2, 3]],
    ["a number of eleven bytes", [0x78, ...Array<number>(10).fill(0xff), 1]],
    ["a group", [0x0b, 0x0c]],
    ["field 0", [0x02, 0]],
    ["JSON", [...Buffer.from('{"events":[]}')]],
  ])("%s is malformed, with a reason", (_name, bytes) => {
    expect(decodeProtobuf(Uint8Array.from(bytes))).toMatchObject({ reason: "not_protobuf" });
  });

  test("any bytes are read or malformed, and never more than the oracle would read", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const report = decodeProtobuf(bytes);
        if (!isMalformed(report)) expect(report.events.length).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 2000 },
    );
  });

  test("the recorder's messages are as GOST sends them", () => {
    const recorder = loadSync(join(PROTO, "../recorder.proto"))["proto.Recorder"] as ServiceDefinition;
    expect(recorder["Record"]!.path).toBe("/proto.Recorder/Record");
    const { type } = recorder["Record"]!.requestType as MessageTypeDefinition<object, object> as unknown as {
      type: { field: { name: string; number: number; type: string }[] };
    };
    expect(type.field.map(({ name, number, type }) => [name, number, type])).toEqual([
      ["data", 1, "TYPE_BYTES"],
      ["metadata", 2, "TYPE_BYTES"],
    ]);
  });
});
