import { type Booking, type Identity, type Ledger, sum, type Totals, zeros } from "../../src/simulate/books.ts";
import type { Mortal } from "./agent/mortal.ts";
import type { Scenario } from "./scenario.ts";
import { Imbalance, keyOf, type Shown } from "./shown.ts";
import type { World } from "./world.ts";

const MEMBERS = ["totalConns", "inputBytes", "outputBytes", "totalErrs"] as const;
type Member = (typeof MEMBERS)[number];

/** More combinations of what nobody knows than this are a fault of the simulation. */
const POSSIBILITIES_MAX = 20_000;

/**
 * The books of a life against what is shown of it: each total is the truth, to the byte. What GOST does not know to be
 * delivered may have been taken or not, once; nothing else may differ.
 */
export function audit(world: World, { nodes }: Scenario, shown: Shown): void {
  const known = new Set<string>();
  for (const { identity, ledgers } of world.books.all) {
    known.add(keyOf(identity));
    const { told } = nodes.find(({ gost }) => gost.node === identity.node)!;
    checkIdentity(identity, ledgers, told === "delta", shown);
  }
  for (const key of shown.keys) if (!known.has(key)) throw new Imbalance(`${key} is shown, and nobody knows it`);
}

/** After a restart all totals are shown again, whether or not anything is reported. */
export function auditRestored(world: World, shown: Shown, mortal: Mortal): void {
  for (const { identity } of world.books.all) {
    const key = keyOf(identity);
    const { by = {} } = shown.of(key) ?? {};
    for (const member of MEMBERS) {
      if (by[member] !== undefined && by[member] !== mortal) {
        throw new Imbalance(`${key}: ${member} was not shown again after a restart`);
      }
    }
  }
}

function checkIdentity(identity: Identity, ledgers: readonly Ledger[], isDelta: boolean, shown: Shown): void {
  const key = keyOf(identity);
  const { totals = {}, uncertain = {} } = shown.of(key) ?? {};
  const possible = possibleTotals(ledgers, isDelta);
  const fits = possible.some((truth) =>
    MEMBERS.every((member) => {
      const value = totals[member] ?? 0;
      if (value === truth[member]) return true;
      if (isExact(identity, ledgers, isDelta, member)) return false;
      const isBytes = member === "inputBytes" || member === "outputBytes";
      return value <= truth[member] && (!isBytes || value + (uncertain[member] ?? 0) >= truth[member]);
    }),
  );
  if (fits) return;
  const certain = sum(ledgers.map(({ taken }) => taken));
  const doubtful = ledgers.reduce((count, ledger) => count + ledger.doubtful.size, 0);
  const lines = MEMBERS.map((member) => difference(member, totals[member] ?? 0, certain[member]));
  throw new Imbalance(`${key}: ${lines.filter((line) => line !== "").join("; ")}; ${doubtful} reports in doubt`);
}

/**
 * Whether a total is promised to the byte: deltas always are. Counters are where everything that began was told, and
 * where one emitter at a time counts: who does not know how many there are may take a restart for another emitter.
 */
function isExact({ kind }: Identity, ledgers: readonly Ledger[], isDelta: boolean, member: Member): boolean {
  if (isDelta && (member === "inputBytes" || member === "outputBytes")) return true;
  if (kind === "service") return true;
  return ledgers.every((ledger, index) => index === 0 || !isUntoldRestart(ledgers[index - 1]!, ledger));
}

function difference(member: Member, shown: number, truth: number): string {
  if (shown === truth) return "";
  const off = shown - truth;
  return `${member} is ${shown}, in truth ${truth} (${off > 0 ? "+" : ""}${off})`;
}

interface Possible {
  readonly total: Totals;
  /** What the last process had counted. */
  readonly last: Totals;
}

/** Everything that an identity's totals can be, by what nobody knows. */
function possibleTotals(ledgers: readonly Ledger[], isDelta: boolean): readonly Totals[] {
  let possible: Possible[] = [{ total: zeros(), last: zeros() }];
  for (const [index, ledger] of ledgers.entries()) {
    const own = possibilities(ledger);
    const isUntold = index > 0 && isUntoldRestart(ledgers[index - 1]!, ledger);
    possible = possible.flatMap(({ total, last }) =>
      own.flatMap((more) => {
        const whole = { total: sum([total, more]), last: more };
        return isUntold ? [whole, { total: withoutLast(whole.total, last, isDelta), last: more }] : [whole];
      }),
    );
    possible = distinct(possible, ({ total, last }) => `${textOf(total)} ${textOf(last)}`);
    if (possible.length > POSSIBILITIES_MAX) throw new Error("too much is in doubt to look at all that is possible");
  }
  return possible.map(({ total }) => total);
}

/** Nothing in the reports tells of a restart whose `running` was lost, where no counter is below its last value. */
function isUntoldRestart(before: Ledger, { life }: Ledger): boolean {
  return before.life.process !== life.process && life.began.state !== "taken";
}

/** What began at zero unseen is taken for the growth of what was before. */
function withoutLast(total: Totals, last: Totals, isDelta: boolean): Totals {
  return {
    totalConns: total.totalConns - last.totalConns,
    totalErrs: total.totalErrs - last.totalErrs,
    inputBytes: isDelta ? total.inputBytes : total.inputBytes - last.inputBytes,
    outputBytes: isDelta ? total.outputBytes : total.outputBytes - last.outputBytes,
  };
}

function possibilities(ledger: Ledger): readonly Totals[] {
  let possible: readonly Totals[] = [{ ...ledger.taken }];
  for (const booking of ledger.doubtful) {
    possible = distinct(
      possible.flatMap((totals) => [totals, withBooking(totals, booking, ledger)]),
      textOf,
    );
    if (possible.length > POSSIBILITIES_MAX) throw new Error("too much is in doubt to look at all that is possible");
  }
  return possible;
}

function withBooking(totals: Totals, booking: Booking, ledger: Ledger): Totals {
  const after = { ...totals };
  booking.addTo(after, ledger);
  return after;
}

function distinct<T>(all: readonly T[], text: (each: T) => string): T[] {
  return all.length === 1 ? [...all] : [...new Map(all.map((each) => [text(each), each])).values()];
}

function textOf(totals: Totals): string {
  return MEMBERS.map((member) => totals[member]).join();
}
