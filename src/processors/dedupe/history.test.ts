import fc from "fast-check";
import { expect, test } from "vitest";
import { settledReceipt } from "../../model/source-facts.ts";
import { ReadReports, UnsureReport } from "./history.ts";

test("of reports that were read the last ones are held, each fingerprint once", () => {
  const max = 4;
  const fingerprints = fc.array(fc.integer({ min: 0, max: 7 }), { maxLength: 40 });
  fc.assert(
    fc.property(fingerprints, (added) => {
      const read = new ReadReports();
      for (const [at, fingerprint] of added.entries()) {
        read.add(new UnsureReport(fingerprint, undefined, at, 0, settledReceipt("open")), max);
      }
      const last = [...new Set(added.toReversed())].slice(0, max);
      for (let fingerprint = 0; fingerprint <= 7; fingerprint++) {
        const at = last.includes(fingerprint) ? added.lastIndexOf(fingerprint) : undefined;
        expect(read.find({ fingerprint, epoch: undefined })?.at).toBe(at);
      }
    }),
  );
});
