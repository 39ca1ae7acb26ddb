import type { Codec } from "../../component/store.ts";
import type { LifeSigns } from "../../kit/source-life.ts";
import { settledReceipt } from "../../model/source-facts.ts";
import { History, ReadReports, UnsureReport } from "./history.ts";

const VERSION = 1;
const NO_PROOF = settledReceipt("unknown");

interface Stored {
  readonly version: number;
  readonly signs: LifeSigns;
  readonly unsure: readonly { readonly fingerprint: string; readonly epoch?: string; readonly at: number }[];
}

/** A history as JSON. Receipts are live: what comes back from the store is unsure for good. */
export const historyCodec: Codec<History> = {
  encode({ signs, unsure }) {
    const stored = unsure.map(({ fingerprint, epoch, at }) => ({ fingerprint, epoch, at }));
    return Buffer.from(JSON.stringify({ version: VERSION, signs, unsure: stored }));
  },
  decode(bytes) {
    const { version, signs, unsure } = JSON.parse(Buffer.from(bytes).toString()) as Stored;
    if (version !== VERSION || !Array.isArray(unsure)) throw new Error(`history of version ${version}`);
    const reports = unsure.map(({ fingerprint, epoch, at }) => new UnsureReport(fingerprint, epoch, at, NO_PROOF));
    return new History(signs, reports, new ReadReports());
  },
};
