import { expect, test } from "vitest";
import { SeriesTable } from "../../model/series-table.ts";
import { settledReceipt } from "../../model/source-facts.ts";
import { decodeJson } from "./decode-json.ts";
import type { ReportFacts } from "./drafts.ts";
import { GostSeries } from "./gost-series.ts";
import { NodeBook } from "./node-book.ts";
import { readQuickly } from "./quick-json.ts";
import { isMalformed } from "./report.ts";
import { ReportSorter } from "./report-sorter.ts";

const text =
  '{"events":[{"kind":"handler","service":"web","client":"alice","type":"stats","stats":{"totalConns":1,"currentConns":0,"inputBytes":5,"outputBytes":7,"totalErrs":0}}]}';

test("a report that had to wait while the series table forgot its client goes to the client's new series", () => {
  const table = new SeriesTable();
  const gost = new GostSeries(table, {});
  const book = new NodeBook(table, gost, { series: 1000, seriesPerNode: 1000 });
  const log = { debug() {}, info() {}, warn() {}, error() {}, limited: () => log };
  const tally = { skipped() {}, clamped: { value: 0 }, overflowed: { value: 0 } };
  const sorter = new ReportSorter({ table, gost, book, log, tally });
  const receipt = settledReceipt("read");
  const body = Buffer.from(text);
  const sort = () => {
    const facts: ReportFacts = { node: book.node("edge-1")!, time: 1, receipt, fingerprint: () => 1 };
    const parsed = () => {
      const report = decodeJson(body);
      if (isMalformed(report)) throw new Error(report.message);
      return report;
    };
    return sorter.sort({ ...events, parsed }, facts).batches[0]!.rows[0]!.series;
  };
  const events = readQuickly(body, new Map(), true)!;
  const before = sort();
  expect(sort()).toEqual(before);
  table.sweep(0);
  const after = sort();
  expect(after.map(({ metric }) => metric)).toEqual(before.map(({ metric }) => metric));
  expect(after[0]!.id).toBeGreaterThan(before[4]!.id);
});
