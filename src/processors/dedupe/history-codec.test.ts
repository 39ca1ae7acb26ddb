import fc from "fast-check";
import { expect, test } from "vitest";
import { viewOf } from "../../lib/view-of.ts";
import { settledReceipt } from "../../model/source-facts.ts";
import { emptyHistory, History, ReadReports, UnsureReport } from "./history.ts";
import { historyCodec } from "./history-codec.ts";

const time = fc.nat();
const text = fc.string({ unit: "binary" });

const reports = fc
  .record({ fingerprint: text, epoch: fc.option(text, { nil: undefined }), at: time })
  .map(({ fingerprint, epoch, at }) => new UnsureReport(fingerprint, epoch, at, settledReceipt("open")));

const histories = fc
  .record({
    signs: fc.record({ beganAt: time, reload: fc.boolean(), closedAt: time }),
    unsure: fc.array(reports, { maxLength: 12 }),
  })
  .map(({ signs, unsure }) => new History(signs, unsure, new ReadReports()));

/** What of it is kept. */
function kept({ signs, unsure }: History) {
  return { signs, unsure: unsure.map(({ fingerprint, epoch, at }) => ({ fingerprint, epoch, at })) };
}

/** As it was written before version 2. */
const asJson = (history: History, version = 1) => Buffer.from(JSON.stringify({ version, ...kept(history) }));

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

test("a history of version 1 is the same one, wherever it stands", () => {
  fc.assert(
    fc.property(histories, fc.nat(9), (history, offset) => {
      const stored = asJson(history);
      const bytes = Buffer.concat([Buffer.alloc(offset), stored]);
      const view = viewOf(bytes);
      expect(kept(historyCodec.decode(stored))).toEqual(kept(history));
      expect(kept(historyCodec.direct!.read(view, offset, stored.length))).toEqual(kept(history));
    }),
  );
});

const STORED = historyCodec.encode(
  new History(
    emptyHistory().signs,
    [new UnsureReport("print", "boot-7", 1000, settledReceipt("read"))],
    new ReadReports(),
  ),
);

test.each([
  ["a newer version", STORED.with(0, 3)],
  ["a newer version of JSON", asJson(emptyHistory(), 2)],
  ["a row that is cut off", STORED.subarray(0, -1)],
  ["a row with something behind it", Buffer.concat([STORED, Buffer.from("x")])],
  ["no bytes", new Uint8Array()],
])("%s is refused", (_, bytes) => {
  expect(() => historyCodec.decode(bytes)).toThrow();
});
