import {
  afterLifeEvent,
  endMayCome,
  isSettling,
  type LifeSigns,
  NO_LIFE_SIGNS,
  SETTLING_MS,
  wasReload,
} from "../../kit/source-life.ts";
import type { Clock } from "../../lib/clock.ts";
import { type Receipt, type SourceFacts, settledReceipt } from "../../model/source-facts.ts";

/**
 * What is remembered of one source. Immutable, but for what is known to be read.
 *
 * Classes, because V8 makes literals in the old space once their objects live for a while; these do, and each report
 * replaces them.
 */
export class History {
  readonly signs: LifeSigns;
  /** Its reports whose answers are not proven read, oldest first. */
  readonly unsure: readonly UnsureReport[];
  /** Its last reports whose answers were read: copies of them may still be on their way. Not stored. */
  readonly read: ReadReports;
  /** When the process began that was reloaded last; 0 where that was not told. Not stored, no more than receipts. */
  readonly restartAt: number;

  constructor(signs: LifeSigns, unsure: readonly UnsureReport[], read: ReadReports, restartAt = 0) {
    this.signs = signs;
    this.unsure = unsure;
    this.read = read;
    this.restartAt = restartAt;
  }
}

/** By what a source's reports are told apart. */
type ReportName = Pick<SourceFacts, "fingerprint" | "epoch">;

export class UnsureReport {
  readonly fingerprint: number;
  readonly epoch: string | undefined;
  readonly at: number;
  /** When its source had last begun, as its reports had told until then. */
  readonly beganAt: number;
  /** The fate of our answer: live, and not stored. After a restart nobody knows it. */
  receipt: Receipt;
  /** The fate of our last refusal of an equal report that may be a late copy; live as well. */
  refusal: Receipt | undefined = undefined;

  constructor(fingerprint: number, epoch: string | undefined, at: number, beganAt: number, receipt: Receipt) {
    this.fingerprint = fingerprint;
    this.epoch = epoch;
    this.at = at;
    this.beganAt = beganAt;
    this.receipt = receipt;
  }

  isSame({ fingerprint, epoch }: ReportName): boolean {
    return this.fingerprint === fingerprint && this.epoch === epoch;
  }
}

/**
 * The last reports whose answers were read, as many as there is room for. The histories of one source share them: a proof
 * stays one, whatever becomes of the delivery that came upon it.
 */
export class ReadReports {
  /** A ring, one for each fingerprint. */
  readonly #reports: UnsureReport[] = [];
  /** Theirs, side by side: nearly every report is looked for here, and is not there. */
  readonly #fingerprints: number[] = [];
  /** Where the oldest is, which the next one replaces once there are as many as there is room for. */
  #oldest = 0;

  add(report: UnsureReport, max: number): void {
    report.receipt = READ; // It is of no more use, and holds a connection that may be long gone.
    const known = this.#fingerprints.indexOf(report.fingerprint);
    // The same one comes again with each delivery that is taken back, and must not push the others out.
    if (known !== -1) this.#put(this.#closed(known), report);
    else if (this.#reports.length < max) this.#put(this.#reports.length, report);
    else {
      this.#put(this.#oldest, report);
      this.#oldest = this.#after(this.#oldest);
    }
  }

  find(name: ReportName): UnsureReport | undefined {
    const index = this.#fingerprints.indexOf(name.fingerprint!);
    return index !== -1 && this.#reports[index]!.isSame(name) ? this.#reports[index] : undefined;
  }

  /** Moves all that came later into the gap, and gives the place of the latest. */
  #closed(gap: number): number {
    let place = gap;
    for (let next = this.#after(place); next !== this.#oldest; next = this.#after(place)) {
      this.#put(place, this.#reports[next]!);
      place = next;
    }
    return place;
  }

  #put(place: number, report: UnsureReport): void {
    this.#reports[place] = report;
    this.#fingerprints[place] = report.fingerprint;
  }

  #after(place: number): number {
    return place + 1 === this.#reports.length ? 0 : place + 1;
  }
}

/**
 * What a report is. `fresh`: something new. `repeat`: the answer to the same report was not read. `assumed_repeat`: it
 * cannot be known whether it was, so it bills less. `pending`: it will be known soon. `stale`: a copy that its sender gave
 * up and sent again, held up in the network until the repeat had long been answered. `suspect`: perhaps such a copy.
 */
export type Judgement =
  | { readonly type: "fresh" }
  | { readonly type: "stale" }
  | { readonly type: "repeat" | "assumed_repeat" | "pending" | "suspect"; readonly earlier: UnsureReport };

export interface Rules {
  readonly behindProxy: boolean;
  readonly historyMax: number;
}

export function emptyHistory(): History {
  return new History(NO_LIFE_SIGNS, [], new ReadReports());
}

/** Reports go out at ticks, a second apart at least: so much later, with some to spare, is one sent again. */
const RESEND_MS_MIN = SETTLING_MS;

const READ = settledReceipt("read");

const FRESH: Judgement = { type: "fresh" };
const STALE: Judgement = { type: "stale" };

/** An equal report is a repeat exactly when our answer to the first one did not arrive. */
export function judge(history: History, facts: SourceFacts, clock: Pick<Clock, "now">, rules: Rules): Judgement {
  if (facts.fingerprint === undefined) return FRESH;
  const { unsure } = history;
  let read: UnsureReport | undefined;
  for (let index = unsure.length - 1; index >= 0; index--) {
    const earlier = unsure[index]!;
    if (!earlier.isSame(facts)) continue;
    const standing = standingOf(earlier, history, clock.now());
    if (earlier.receipt.state !== "read") {
      // A proof that it was read may still come; any other tells nothing of a life that is over.
      if (standing === "over" && earlier.receipt.state !== "open") return { type: "assumed_repeat", earlier };
      if (standing === "undecided") return { type: "pending", earlier };
    }
    switch (earlier.receipt.state) {
      case "unread":
      case "refusal_read": // The store had not said whether it kept the first one.
        return { type: "repeat", earlier };
      case "unknown":
        return { type: "assumed_repeat", earlier };
      case "open":
        return { type: rules.behindProxy ? "assumed_repeat" : "pending", earlier };
      case "read":
        // A proxy's reading proves nothing of GOST's.
        if (rules.behindProxy) return { type: "assumed_repeat", earlier };
        read ??= earlier;
    }
  }
  read ??= history.read.find(facts);
  return read === undefined ? FRESH : judgeEqual(read, facts);
}

/**
 * An equal report has been read: this one is honest, or a copy that its sender gave up and sent again, which a connection
 * delivers long after the repeat was answered. What comes on a connection that was answered on since the repeat came was
 * sent after it. Any other is refused until its sender has shown that it waits for the answer: who gave up does not read it.
 */
function judgeEqual(read: UnsureReport, { receipt }: SourceFacts): Judgement {
  if (receipt.state === "unread") return STALE; // Its sender was gone before our answer.
  const isSentAfter = receipt.aliveAt > read.at - RESEND_MS_MIN;
  return isSentAfter || read.refusal?.state === "refusal_read" ? FRESH : { type: "suspect", earlier: read };
}

/**
 * The history after a report was taken, or recognised as a repeat of `earlier`: its answer then stands for both. Reports
 * that are settled by now are left out. `forgotten` says how many were not, and had to go for want of room.
 */
export function remember(
  history: History,
  facts: SourceFacts,
  at: number,
  earlier: UnsureReport | undefined,
  rules: Rules,
): { readonly history: History; readonly forgotten: number } {
  const { read } = history;
  let unsure: UnsureReport[] | undefined; // Nearly always none is left.
  for (const report of history.unsure) {
    const isRead = !rules.behindProxy && report.receipt.state === "read";
    if (isRead) {
      read.add(report, rules.historyMax);
    } else if (report !== earlier) {
      unsure ??= [];
      unsure.push(report);
    }
  }
  const { fingerprint, epoch, receipt } = facts;
  let { signs, restartAt } = history;
  for (const event of facts.life) {
    if (event.type === "began" && !wasReload(signs, event.at)) restartAt = signs.beganAt;
    signs = afterLifeEvent(signs, event);
  }
  if (fingerprint !== undefined) {
    const latest = new UnsureReport(fingerprint, epoch, at, signs.beganAt, receipt);
    if (unsure === undefined) unsure = [latest];
    else unsure.push(latest);
  }
  unsure ??= [];
  const forgotten = Math.max(0, unsure.length - rules.historyMax);
  if (forgotten > 0) unsure.splice(0, forgotten);
  return { history: new History(signs, unsure, read, restartAt), forgotten };
}

/**
 * A new process repeats nothing of the one before it, but an instance that was reloaded may live on, and repeat. Which of
 * both a beginning was is told soon. Where no end was told it was a restart, or the end was lost: nobody can know.
 */
function standingOf(
  { beganAt }: UnsureReport,
  { signs, restartAt }: History,
  now: number,
): "stands" | "undecided" | "over" {
  if (beganAt === signs.beganAt || isSettling(signs, now)) return "stands";
  if (signs.reload) return beganAt < restartAt ? "over" : "stands";
  return endMayCome(signs, now) ? "undecided" : "over";
}
