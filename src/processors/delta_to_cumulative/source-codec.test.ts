import fc from "fast-check";
import { expect, test } from "vitest";
import { viewOf } from "../../lib/view-of.ts";
import { sourceCodec } from "./source-codec.ts";
import { newSource, type SourceState } from "./source-state.ts";

const time = fc.nat();
const text = fc.string({ unit: "binary" });

const sources: fc.Arbitrary<SourceState> = fc.record({
  life: fc.nat(),
  restart: fc.nat(),
  beganAt: time,
  signs: fc.record({ beganAt: time, reload: fc.boolean(), closedAt: time, endTaken: fc.boolean() }),
  countedBeginAt: time,
  restartWaits: fc.boolean(),
  told: fc.constantFrom(undefined, "delta", "cumulative"),
  epoch: fc.option(text, { nil: undefined }),
  formerEpochs: fc.array(text, { maxLength: 4 }),
  provenDelta: fc.boolean(),
  several: fc.boolean(),
  reportAt: time,
  since: time,
  accountedAt: time,
  unreportedMs: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
});

/** As it was written before version 2. */
const asJson = (state: unknown, version = 1) => Buffer.from(JSON.stringify({ version, state }));

test("a source comes back as it was written, but for a proof of its mode", () => {
  fc.assert(
    fc.property(sources, (state) => {
      const bytes = sourceCodec.encode(state);
      expect(bytes).toHaveLength(sourceCodec.direct!.size(state));
      expect(sourceCodec.decode(bytes)).toEqual({ ...state, provenDelta: false });
    }),
  );
});

test("it is read where it stands among other rows", () => {
  const state = { ...newSource(1000), epoch: "boot-7", life: 3 };
  const size = sourceCodec.direct!.size(state);
  const view = new DataView(new ArrayBuffer(size + 20), 3);
  sourceCodec.direct!.write(state, view, 5);
  expect(sourceCodec.direct!.read(view, 5, size)).toEqual(state);
});

test("a source of version 1 is the same one, wherever it stands", () => {
  fc.assert(
    fc.property(sources, fc.nat(9), (state, offset) => {
      const stored = asJson(state);
      const bytes = Buffer.concat([Buffer.alloc(offset), stored]);
      const view = viewOf(bytes);
      const expected = { ...state, provenDelta: false };
      expect(sourceCodec.decode(stored)).toEqual(expected);
      expect(sourceCodec.direct!.read(view, offset, stored.length)).toEqual(expected);
    }),
  );
});

test("of what version 1 did not have yet a source has what a new one has", () => {
  expect(sourceCodec.decode(asJson({ life: 2, since: 1000 }))).toEqual({ ...newSource(1000), life: 2 });
  const signs = { beganAt: 900, reload: true, closedAt: 901 };
  expect(sourceCodec.decode(asJson({ signs })).signs).toEqual({ ...signs, endTaken: false });
});

const STORED = sourceCodec.encode({ ...newSource(1000), epoch: "boot-7" });

test.each([
  ["a newer version", STORED.with(0, 3)],
  ["a newer version of JSON", asJson({}, 2)],
  ["a row that is cut off", STORED.subarray(0, -1)],
  ["a row with something behind it", Buffer.concat([STORED, Buffer.from("x")])],
  ["no bytes", new Uint8Array()],
])("%s is refused", (_, bytes) => {
  expect(() => sourceCodec.decode(bytes)).toThrow();
});
