import type { Ledger } from "./books.ts";
import type { Stats } from "./report.ts";

type Change = { readonly [Name in keyof Stats]?: number };

/** GOST's counters of one service or one client: they start at zero, and remember whether they changed. */
export class Counters {
  readonly ledger: Ledger;
  readonly #resetTraffic: boolean;
  #changed = false;
  #totalConns = 0;
  #currentConns = 0;
  #inputBytes = 0;
  #outputBytes = 0;
  #totalErrs = 0;

  constructor(ledger: Ledger, resetTraffic: boolean) {
    this.ledger = ledger;
    this.#resetTraffic = resetTraffic;
  }

  /** Whether it counted what nobody was told, such as a connection, or bytes where all connections seemed closed. */
  get hasUnseen(): boolean {
    const { moved, taken, openTold } = this.ledger;
    return moved.totalConns !== taken.totalConns || (openTold === 0 && moved.outputBytes !== taken.outputBytes);
  }

  get changed(): boolean {
    return this.#changed;
  }

  add({ totalConns = 0, currentConns = 0, inputBytes = 0, outputBytes = 0, totalErrs = 0 }: Change): void {
    this.#changed = true;
    this.#totalConns += totalConns;
    this.#currentConns += currentConns;
    this.#inputBytes += inputBytes;
    this.#outputBytes += outputBytes;
    this.#totalErrs += totalErrs;
    const { moved } = this.ledger;
    moved.totalConns += totalConns;
    moved.inputBytes += inputBytes;
    moved.outputBytes += outputBytes;
    moved.totalErrs += totalErrs;
  }

  /** What a report says now, or undefined where nothing changed since the last one. Reading resets the bytes, where told. */
  read(): Stats | undefined {
    if (!this.#changed) return undefined;
    this.#changed = false;
    const stats = {
      totalConns: this.#totalConns,
      currentConns: this.#currentConns,
      inputBytes: this.#inputBytes,
      outputBytes: this.#outputBytes,
      totalErrs: this.#totalErrs,
    };
    if (this.#resetTraffic) {
      this.#inputBytes = 0;
      this.#outputBytes = 0;
    }
    return stats;
  }
}
