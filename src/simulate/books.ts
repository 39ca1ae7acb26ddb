import type { News } from "./network.ts";
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
  readonly #ledgers = new Map<string, Entry>();

  /** A ledger for a new set of counters; one identity has as many as it had emitters. */
  open(identity: Identity, life: Life): Ledger {
    const key = keyOf(identity);
    let entry = this.#ledgers.get(key);
    if (entry === undefined) {
      entry = { identity, ledgers: [] };
      this.#ledgers.set(key, entry);
    }
    const ledger = new Ledger(life);
    entry.ledgers.push(ledger);
    return ledger;
  }

  /** Every identity with its ledgers. */
  get all(): Iterable<Readonly<Entry>> {
    return this.#ledgers.values();
  }

  /** The ledgers of one identity, oldest first; none where it has counted nothing. */
  ledgersOf(identity: Identity): readonly Ledger[] {
    return this.#ledgers.get(keyOf(identity))?.ledgers ?? [];
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

interface Entry {
  readonly identity: Identity;
  readonly ledgers: Ledger[];
}

function keyOf({ node, kind, service, client }: Identity): string {
  return JSON.stringify([node, kind, service, client]);
}

/** One life of a service, from its creation to its end, and what the receiver was told of it. */
export class Life {
  /** Of the process that it was a part of: lives of one process follow each other by reloads. */
  readonly process: object;
  /** Monotonic. */
  readonly createdAtMs: number;
  readonly began = new Fate();
  readonly closed = new Fate();
  /** Whether it may outlive a reload by what nobody was told of before. */
  outlivesUnseen = false;

  constructor(process: object, createdAtMs: number) {
    this.process = process;
    this.createdAtMs = createdAtMs;
  }
}

/** What became of something that was sent: whether the receiver took it, in doubt while nobody can know. */
export class Fate implements News {
  #takenAtMs: number | undefined;
  /** Calls that brought it, of which nobody knows how they ended. */
  #doubts = 0;

  get state(): "open" | "doubtful" | "taken" {
    return this.#takenAtMs !== undefined ? "taken" : this.#doubts > 0 ? "doubtful" : "open";
  }

  /** Undefined where it is not certain that it was taken. */
  get takenAtMs(): number | undefined {
    return this.#takenAtMs;
  }

  taken(atMs: number): void {
    this.#takenAtMs ??= atMs;
  }

  mayHaveTaken(): void {
    this.#doubts++;
  }

  notTaken(): void {
    this.#doubts--;
  }

  mayPassForRepeat(): void {
    this.#doubts = Number.POSITIVE_INFINITY;
  }
}

/** The truth about one set of counters, from their creation to their end. */
export class Ledger {
  readonly life: Life;
  readonly moved = zeros();
  readonly taken = zeros();
  /** Reports of which nobody knows whether the receiver took them. */
  readonly doubtful = new Set<Booking>();
  /** The first and the last report that the receiver took, as far as it is certain; times are monotonic. */
  first: { readonly atMs: number; readonly stats: Stats } | undefined;
  lastAtMs: number | undefined;
  /** The open connections that the receiver was told of last. */
  openTold = 0;
  /** Set when nothing of it will be reported any more. A report on its way at that moment may still be taken. */
  ended = false;
  /**
   * Whether the receiver could think that it goes on when its instance was replaced, or its process went: connections were
   * open, as far as it was told. Undefined until then.
   */
  mayGoOn: boolean | undefined;

  constructor(life: Life) {
    this.life = life;
  }

  /** Its instance is replaced, or its process goes. */
  replaced(): void {
    this.mayGoOn ??= this.openTold > 0 || this.doubtful.size > 0;
  }
}

/** What one report brings: booked once, however often it is sent. */
export class Booking implements News {
  readonly #entries: readonly { readonly ledger: Ledger; readonly stats: Stats }[];
  readonly #bytesAreDeltas: boolean;
  readonly #fate = new Fate();
  #passesForRepeat = false;

  constructor(entries: readonly { readonly ledger: Ledger; readonly stats: Stats }[], bytesAreDeltas: boolean) {
    this.#entries = entries;
    this.#bytesAreDeltas = bytesAreDeltas;
  }

  taken(atMs: number): void {
    if (this.#fate.state === "taken" || this.#passesForRepeat) return;
    this.#fate.taken(atMs);
    for (const { ledger, stats } of this.#entries) {
      ledger.doubtful.delete(this);
      ledger.openTold = stats.currentConns;
      ledger.first ??= { atMs, stats };
      ledger.lastAtMs = atMs;
      this.addTo(ledger.taken, ledger);
    }
  }

  mayHaveTaken(): void {
    this.#fate.mayHaveTaken();
    if (this.#fate.state === "doubtful") for (const { ledger } of this.#entries) ledger.doubtful.add(this);
  }

  notTaken(): void {
    this.#fate.notTaken();
    if (this.#fate.state === "open" && !this.#passesForRepeat)
      for (const { ledger } of this.#entries) ledger.doubtful.delete(this);
  }

  mayPassForRepeat(): void {
    if (this.#fate.state === "taken") return;
    this.#passesForRepeat = true;
    for (const { ledger } of this.#entries) ledger.doubtful.add(this);
  }

  /** Adds its part of one ledger to totals of that ledger. */
  addTo(totals: Totals, of: Ledger): void {
    for (const { ledger, stats } of this.#entries) {
      if (ledger !== of) continue;
      totals.totalConns = Math.max(totals.totalConns, stats.totalConns);
      totals.totalErrs = Math.max(totals.totalErrs, stats.totalErrs);
      const { inputBytes, outputBytes } = totals;
      totals.inputBytes = this.#bytesAreDeltas ? inputBytes + stats.inputBytes : Math.max(inputBytes, stats.inputBytes);
      totals.outputBytes = this.#bytesAreDeltas
        ? outputBytes + stats.outputBytes
        : Math.max(outputBytes, stats.outputBytes);
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
