import type { LifeEvent, Receipt, ReceiptState } from "../../src/model/source-facts.ts";
import { report, type Stats } from "../support/gost-streams.ts";
import type { ProcessorRig } from "../support/processor-rig.ts";

/** What can happen to a source, in the order that a test chose. */
export type Step =
  | { readonly type: "traffic"; readonly client: number; readonly received: number; readonly transmitted: number }
  /** One period passes: the source reports, or sends again what it saw no answer to. */
  | { readonly type: "tick"; readonly fate: Fate }
  | { readonly type: "killed" | "reloaded" | "agent_restarted" };

/**
 * What becomes of the answer to a report. `late`: it was read, and the proof comes with the next step. `in_doubt`: it was
 * lost, which shows only when its proof is asked for. `rolled_back`: we refused the report after all had staged it.
 */
export type Fate = "read" | "late" | "lost" | "in_doubt" | "rolled_back";

export const FATES: readonly Fate[] = ["read", "late", "lost", "in_doubt", "rolled_back"];

interface Counters {
  conns: number;
  received: number;
  transmitted: number;
  errors: number;
}

interface Sent {
  readonly stats: Readonly<Record<string, Stats>>;
  readonly fingerprint: string;
  counted: boolean;
}

const CLIENTS = ["alice", "bob", "carol"];
const PERIOD_MS = 5000;
/** Longer than an end and a beginning may lie apart to be one reload: a restart just after a reload is still a restart. */
const BETWEEN_LIVES_MS = 3000;

/**
 * A source that counts as GOST does, and beside it what its reports are worth: each counts once, when it is first taken.
 * It is small on purpose, and shares no rule with the processors: it knows which report is which.
 */
export class EmitterModel {
  readonly truth = new Map<string, Counters>();
  /**
   * Whether a life had a report that equals one of a life before it. Where the answers were not read, or the agent forgot
   * whether they were, it cannot be told from a repeat, and may not count.
   */
  hasEqualReports = false;
  readonly #reported = new Set<string>();
  readonly #mode: "delta" | "cumulative";
  readonly #told: boolean;
  #counters = new Map<string, Counters>();
  #changed = new Set<string>();
  #unanswered: Sent | undefined;
  /** What was counted of each client in this life, where its values are cumulative. */
  #countedInLife = new Map<string, Counters>();
  #openReceipts: TestReceipt[] = [];

  constructor(mode: "delta" | "cumulative", told: boolean) {
    this.#mode = mode;
    this.#told = told;
  }

  step(step: Exclude<Step, { type: "agent_restarted" }>, rig: ProcessorRig): void {
    switch (step.type) {
      case "traffic": {
        const client = CLIENTS[step.client]!;
        const counters = this.#counters.get(client) ?? zero();
        counters.conns++;
        counters.received += step.received;
        counters.transmitted += step.transmitted;
        if (step.received % 5 === 0) counters.errors++;
        this.#counters.set(client, counters);
        this.#changed.add(client);
        return;
      }
      case "tick":
        rig.clock.advance(PERIOD_MS);
        this.#tick(step.fate, rig);
        return;
      case "killed":
        rig.clock.advance(BETWEEN_LIVES_MS);
        this.#beginAgain(rig, ["began"]);
        return;
      case "reloaded":
        rig.clock.advance(BETWEEN_LIVES_MS);
        this.#beginAgain(rig, rig.clock.now() % 2 === 0 ? ["began", "closed"] : ["closed", "began"]);
    }
  }

  /** Nobody knows any more what became of our answers. */
  agentRestarted(): void {
    this.#openReceipts = [];
  }

  /** Reports until everything was read. */
  finish(rig: ProcessorRig): void {
    for (let round = 0; round < 4; round++) this.step({ type: "tick", fate: "read" }, rig);
  }

  #tick(fate: Fate, rig: ProcessorRig): void {
    for (const receipt of this.#openReceipts.splice(0)) receipt.state = receipt.proof;
    const isRepeat = this.#unanswered !== undefined;
    this.#unanswered ??= this.#sample();
    if (this.#unanswered === undefined) return;
    const success = this.#send(this.#unanswered, fate, rig);
    if (!success) return;
    this.#unanswered = undefined;
    // As GOST's handler level: after a repeat that was read a fresh report follows at once.
    if (isRepeat) this.#tick("read", rig);
  }

  /** Whether the source saw success. */
  #send(sent: Sent, fate: Fate, rig: ProcessorRig): boolean {
    const receipt = new TestReceipt(fate);
    const batch = report(rig.table, rig.clock.now(), sent.stats, {
      fingerprint: sent.fingerprint,
      receipt,
      emitters: 1,
      ...(this.#told ? { told: this.#mode } : {}),
    });
    if (fate === "rolled_back") {
      rig.sendAndRollBack(batch);
      return false;
    }
    const { taken } = rig.send(batch);
    if (!taken) receipt.refuse();
    if (receipt.state === "open") this.#openReceipts.push(receipt);
    if (!taken) return false;
    if (!sent.counted) this.#count(sent);
    sent.counted = true;
    return receipt.proof === "read";
  }

  #sample(): Sent | undefined {
    if (this.#changed.size === 0) return undefined;
    const stats: Record<string, Stats> = {};
    for (const client of this.#changed) {
      const counters = this.#counters.get(client)!;
      stats[client] = [counters.conns, 0, counters.received, counters.transmitted, counters.errors];
      if (this.#mode === "delta") Object.assign(counters, { received: 0, transmitted: 0 });
    }
    this.#changed.clear();
    const fingerprint = JSON.stringify(stats);
    if (this.#reported.has(fingerprint)) this.hasEqualReports = true;
    this.#reported.add(fingerprint);
    return { stats, fingerprint, counted: false };
  }

  #count({ stats }: Sent): void {
    for (const [client, [conns, , received, transmitted, errors]] of Object.entries(stats)) {
      const before = this.#countedInLife.get(client) ?? zero();
      const bytesBefore = this.#mode === "delta" ? zero() : before;
      const truth = this.truth.get(client) ?? zero();
      this.truth.set(client, {
        conns: truth.conns + conns - before.conns,
        errors: truth.errors + errors - before.errors,
        received: truth.received + received - bytesBefore.received,
        transmitted: truth.transmitted + transmitted - bytesBefore.transmitted,
      });
      this.#countedInLife.set(client, { conns, received, transmitted, errors });
    }
  }

  #beginAgain(rig: ProcessorRig, types: readonly LifeEvent["type"][]): void {
    const at = rig.clock.now();
    rig.send(report(rig.table, at, {}, { life: types.map((type) => ({ type, at })), emitters: 1 }));
    this.#counters = new Map();
    this.#changed = new Set();
    this.#unanswered = undefined;
    this.#countedInLife = new Map();
  }
}

class TestReceipt implements Receipt {
  state: ReceiptState;
  /** Each comes on a connection of its own. */
  readonly aliveAt = 0;
  proof: "read" | "unread" | "refusal_read";

  constructor(fate: Fate) {
    this.proof = fate === "read" || fate === "late" ? "read" : "unread";
    this.state = fate === "late" || fate === "in_doubt" ? "open" : this.proof;
  }

  settled(listener: (state: ReceiptState) => void): void {
    if (this.state !== "open") listener(this.state);
  }

  ask(): void {
    this.state = this.proof;
  }

  /** What its sender reads, where it reads, is that the report was not taken. */
  refuse(): void {
    if (this.proof === "read") this.proof = "refusal_read";
    if (this.state === "read") this.state = "refusal_read";
  }
}

const zero = (): Counters => ({ conns: 0, received: 0, transmitted: 0, errors: 0 });
