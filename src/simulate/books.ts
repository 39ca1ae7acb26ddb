import type { Stats } from "./report.ts";

/** The numbers of `Stats` that only grow. */
export type Totals = { -readonly [Name in Exclude<keyof Stats, "currentConns">]: number };

/** Whose numbers: `client` is empty at service level, and for clients without a name. */
export interface Identity {
  readonly node: string;
  readonly kind: "service" | "handler";
  readonly service: string;
  readonly client: string;
}

/** One line of the truth. `moved` = `taken` + `lost` + what is still to be reported. */
export interface Account extends Identity {
  /** Everything that happened. */
  readonly moved: Totals;
  /** The part of it that the receiver took, whether GOST saw its answer or not: what an exact receiver shows. */
  readonly taken: Totals;
  /** The part that nobody can know any more, for the counters that held it are gone. */
  readonly lost: Totals;
}

/**
 * What really happened, over all processes and reloads: kept by the model, which knows it, so that a receiver's totals
 * can be compared with it. One for all nodes of a world.
 */
export class Books {
  readonly #ledgers = new Map<string, { readonly identity: Identity; readonly ledgers: Ledger[] }>();

  /** A ledger for a new set of counters; one identity has as many as it had emitters. */
  open(identity: Identity): Ledger {
    const key = JSON.stringify([identity.node, identity.kind, identity.service, identity.client]);
    let entry = this.#ledgers.get(key);
    if (entry === undefined) {
      entry = { identity, ledgers: [] };
      this.#ledgers.set(key, entry);
    }
    const ledger = new Ledger();
    entry.ledgers.push(ledger);
    return ledger;
  }

  /** The truth of each identity, in the order in which they first appeared. */
  truth(): Account[] {
    return [...this.#ledgers.values()].map(({ identity, ledgers }) => ({
      ...identity,
      moved: sum(ledgers.map(({ moved }) => moved)),
      taken: sum(ledgers.map(({ taken }) => taken)),
      lost: sum(ledgers.filter(({ ended }) => ended).map(({ moved, taken }) => difference(moved, taken))),
    }));
  }
}

/** The truth about one set of counters, from their creation to their end. */
export class Ledger {
  readonly moved = zeros();
  readonly taken = zeros();
  /** Set when nothing of it will be reported any more. A report on its way at that moment may still be taken. */
  ended = false;

  /** Books what one report brought to the receiver, once for each report however often it was sent. */
  take(stats: Stats, bytesAreDeltas: boolean): void {
    const { taken } = this;
    taken.totalConns = Math.max(taken.totalConns, stats.totalConns);
    taken.totalErrs = Math.max(taken.totalErrs, stats.totalErrs);
    if (bytesAreDeltas) {
      taken.inputBytes += stats.inputBytes;
      taken.outputBytes += stats.outputBytes;
    } else {
      taken.inputBytes = Math.max(taken.inputBytes, stats.inputBytes);
      taken.outputBytes = Math.max(taken.outputBytes, stats.outputBytes);
    }
  }
}

export function zeros(): Totals {
  return { totalConns: 0, inputBytes: 0, outputBytes: 0, totalErrs: 0 };
}

export function sum(parts: readonly Totals[]): Totals {
  const total = zeros();
  for (const part of parts) {
    for (const name of Object.keys(total) as (keyof Totals)[]) total[name] += part[name];
  }
  return total;
}

function difference(left: Totals, right: Totals): Totals {
  const result = zeros();
  for (const name of Object.keys(result) as (keyof Totals)[]) result[name] = left[name] - right[name];
  return result;
}
