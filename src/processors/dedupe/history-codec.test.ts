import fc from "fast-check";
import { expect, test } from "vitest";
import { writeNumber, writeText } from "../../lib/packed-bytes.ts";
import { viewOf } from "../../lib/view-of.ts";
import { settledReceipt } from "../../model/source-facts.ts";
import { emptyHistory, History, ReadReports, UnsureReport } from "./history.ts";
import { historyCodec } from "./history-codec.ts";

const time = fc.nat();
const text = fc.string({ unit: "binary", maxLength: 10 });

const reports = fc
  .record({ fingerprint: fc.maxSafeNat(), epoch: fc.option(text, { nil: undefined }), at: time })
  .map(({ fingerprint, epoch, at }) => new UnsureReport(fingerprint, epoch, at, 0, settledReceipt("open")));

const histories = fc
  .record({
    signs: fc.record({ beganAt: time, reload: fc.boolean(), closedAt: time, endTaken: fc.boolean() }),
    unsure: fc.array(reports, { maxLength: 12 }),
  })
  .map(({ signs, unsure }) => new History(signs, unsure, new ReadReports()));

/** What of it is kept. */
function kept({ signs, unsure }: History) {
  return { signs, unsure: unsure.map(({ fingerprint, epoch, at }) => ({ fingerprint, epoch, at })) };
}

/** As it was written before version 2, when fingerprints were texts. */
function asJson(history: History, version = 1): Buffer {
  const { signs, unsure } = kept(history);
  const { endTaken, ...oldSigns } = signs;
  return Buffer.from(
    JSON.stringify({ version, signs: oldSigns, unsure: unsure.map((report) => ({ ...report, fingerprint: "print" })) }),
  );
}

/** As version 2 wrote it. */
function withTexts({ signs, unsure }: History): Uint8Array {
  const bytes = new Uint8Array(1000);
  const view = viewOf(bytes);
  view.setUint8(0, 2);
  view.setUint8(1, signs.reload ? 1 : 0);
  let end = 2;
  for (const number of [signs.beganAt, signs.closedAt, unsure.length]) end = writeNumber(number, view, end);
  for (const { at, epoch } of unsure) {
    end = writeText(epoch, view, writeText("print", view, writeNumber(at, view, end)));
  }
  return bytes.subarray(0, end);
}

test("a history comes back as it was written, and nobody knows any more what became of its answers", () => {
  fc.assert(
    fc.property(histories, (history) => {
      const bytes = historyCodec.encode(history);
      expect(bytes).toHaveLength(historyCodec.direct!.size(history));
      const read = historyCodec.decode(bytes);
      expect(kept(read)).toEqual(kept(history));
      expect(read.unsure.every(({ receipt }) => receipt.state === "unknown")).toBe(true);
    }),
  );
});

test("of the history of an older version its source's life is left, wherever it stands", () => {
  fc.assert(
    fc.property(histories, fc.nat(9), (history, offset) => {
      const left = { signs: { ...history.signs, endTaken: false }, unsure: [] };
      for (const stored of [asJson(history), withTexts(history)]) {
        const view = viewOf(Buffer.concat([Buffer.alloc(offset), stored]));
        expect(kept(historyCodec.decode(stored))).toEqual(left);
        expect(kept(historyCodec.direct!.read(view, offset, stored.length))).toEqual(left);
      }
    }),
  );
});

const STORED = historyCodec.encode(
  new History(
    emptyHistory().signs,
    [new UnsureReport(53, "boot-7", 1000, 0, settledReceipt("read"))],
    new ReadReports(),
  ),
);

test.each([
  ["a newer version", STORED.with(0, 4)],
  ["a newer version of JSON", asJson(emptyHistory(), 2)],
  ["a row that is cut off", STORED.subarray(0, -1)],
  ["a row with something behind it", Buffer.concat([STORED, Buffer.from("x")])],
  ["no bytes", new Uint8Array()],
])("%s is refused", (_, bytes) => {
  expect(() => historyCodec.decode(bytes)).toThrow();
});
