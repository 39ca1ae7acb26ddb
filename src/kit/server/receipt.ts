import { type Receipt, type ReceiptState, settledReceipt } from "../../model/source-facts.ts";

/** A receipt with the end that settles it: held by whoever watches the connection. */
export interface SettableReceipt extends Receipt {
  /** Leaves `open` for good; what comes after the first verdict changes nothing. */
  settle(verdict: Exclude<ReceiptState, "open">): void;
}

/** What an open receipt turns to when somebody asks for its proof. */
export interface Asked {
  ask(receipt: Receipt): void;
}

export function openReceipt(asked: Asked, aliveAt = Number.POSITIVE_INFINITY): SettableReceipt {
  return new OpenReceipt(asked, aliveAt);
}

/** Shared by all answers that nobody wants evidence for. */
export const NO_EVIDENCE: SettableReceipt = { ...settledReceipt("unknown"), settle: () => {} };

/** A class, since one is made for every request: its methods are shared, and it holds no list until somebody listens. */
class OpenReceipt implements SettableReceipt {
  state: ReceiptState = "open";
  readonly aliveAt: number;
  readonly #asked: Asked;
  #listeners: ((state: ReceiptState) => void)[] | undefined;

  constructor(asked: Asked, aliveAt: number) {
    this.#asked = asked;
    this.aliveAt = aliveAt;
  }

  settled(listener: (state: ReceiptState) => void): void {
    if (this.state !== "open") listener(this.state);
    else if (this.#listeners) this.#listeners.push(listener);
    else this.#listeners = [listener];
  }

  ask(): void {
    if (this.state === "open") this.#asked.ask(this);
  }

  settle(verdict: Exclude<ReceiptState, "open">): void {
    if (this.state !== "open") return;
    this.state = verdict;
    const listeners = this.#listeners;
    this.#listeners = undefined;
    if (listeners) for (const listener of listeners) listener(verdict);
  }
}
