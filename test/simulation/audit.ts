import { type Ledger, type Life, zeros } from "../../src/simulate/books.ts";
import type { Mortal } from "./agent/mortal.ts";
import { type Audited, auditedOf, isUntoldRestart, promiseOf } from "./promise.ts";
import type { Scenario } from "./scenario.ts";
import { type Direction, Imbalance, keyOf, type Shown } from "./shown.ts";
import type { World } from "./world.ts";

const MEMBERS = ["totalConns", "inputBytes", "outputBytes", "totalErrs"] as const;
type Member = (typeof MEMBERS)[number];

/** Where more combinations of what nobody knows are possible, only the least and the most are looked at. */
const POSSIBILITIES_MAX = 4_000;

/**
 * The books of a life against what is shown of it: each total is the truth, to the byte. What GOST does not know to be
 * delivered may have been taken or not, once; nothing else may differ.
 */
export function audit(world: World, scenario: Scenario, shown: Shown): void {
  const known = new Set<string>();
  for (const { identity } of world.books.all) {
    known.add(keyOf(identity));
    checkIdentity(auditedOf(world.books, scenario, identity), shown);
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

function checkIdentity(audited: Audited, shown: Shown): void {
  const key = keyOf(audited.identity);
  const { totals = {}, uncertain = {} } = shown.of(key) ?? {};
  const wrong = MEMBERS.flatMap((member) => {
    const promised = promiseOf(audited, member);
    if (promised === "nothing") return [];
    const value = totals[member] ?? 0;
    const slack = promised === "exact" ? 0 : isBytes(member) ? (uncertain[member] ?? 0) : Number.POSITIVE_INFINITY;
    const possible = possibleValues(audited, member);
    if (isPossible(possible, value, value + slack)) return [];
    const certain = audited.ledgers.reduce((total, { taken }) => total + taken[member], 0);
    return [`${member} is ${value}${slack > 0 ? ` (and ${slack} uncertain)` : ""}, in truth ${certain}`];
  });
  if (wrong.length === 0) return;
  const doubtful = audited.ledgers.reduce((count, ledger) => count + ledger.doubtful.size, 0);
  throw new Imbalance(`${key}: ${wrong.join("; ")}; ${doubtful} reports in doubt`);
}

/** Everything that a total can be, by what nobody knows; or where that is too much, from where to where. */
type Possible = ReadonlySet<number> | { readonly min: number; readonly max: number };

function isPossible(possible: Possible, from: number, to: number): boolean {
  if ("min" in possible) return from <= possible.max && to >= possible.min;
  if (from === to) return possible.has(from);
  for (const value of possible) if (value >= from && value <= to) return true;
  return false;
}

function possibleValues({ ledgers, isDelta }: Audited, member: Member): Possible {
  const added = isDelta && isBytes(member);
  let possible = new Set([0]);
  let [min, max] = [0, 0];
  let tooMany = false;
  let before: { readonly life: Life; readonly values: ReadonlySet<number> } | undefined;
  for (const ledger of ledgers) {
    const told = ofLedger(ledger, member);
    const own = !added && mayBeHidden(ledger, ledgers) ? new Set([0, ...told]) : told;
    // What began at zero unseen is taken for the growth of what was before.
    const isUntold = !added && before !== undefined && isUntoldRestart(before.life, ledger.life);
    const missing = isUntold ? new Set([0, ...before!.values]) : ONLY_ZERO;
    min += Math.min(...own) - Math.max(...missing);
    max += Math.max(...own);
    const sums = new Set<number>();
    for (const sum of possible) for (const more of own) for (const less of missing) sums.add(sum + more - less);
    tooMany ||= sums.size > POSSIBILITIES_MAX;
    possible = tooMany ? new Set([0]) : sums;
    before = { life: ledger.life, values: own };
  }
  return tooMany ? { min, max } : possible;
}

/**
 * Where another emitter of the same life (`auto` handlers) began above all that this one told, and this one told nothing
 * more, the first report of that one reads as growth, and nothing ever says that there were two.
 */
function mayBeHidden({ life, taken, lastAtMs }: Ledger, ledgers: readonly Ledger[]): boolean {
  return ledgers.some(({ life: itsLife, first }) => {
    if (itsLife !== life || first === undefined || lastAtMs === undefined || first.atMs < lastAtMs) return false;
    return MEMBERS.every((member) => first.stats[member] >= taken[member]);
  });
}

const ONLY_ZERO: ReadonlySet<number> = new Set([0]);

function ofLedger(ledger: Ledger, member: Member): ReadonlySet<number> {
  let possible = new Set([ledger.taken[member]]);
  for (const booking of ledger.doubtful) {
    const more = [...possible].map((value) => {
      const totals = { ...zeros(), [member]: value };
      booking.addTo(totals, ledger);
      return totals[member];
    });
    possible = new Set([...possible, ...more]);
    if (possible.size > POSSIBILITIES_MAX) possible = new Set([Math.min(...possible), Math.max(...possible)]);
  }
  return possible;
}

function isBytes(member: Member): member is Direction {
  return member === "inputBytes" || member === "outputBytes";
}
