import { RELOAD_MS, SETTLING_MS } from "../../src/kit/source-life.ts";
import type { Books, Identity, Ledger, Life, Totals } from "../../src/simulate/books.ts";
import type { HandlerType } from "../../src/simulate/handlers.ts";
import type { Scenario } from "./scenario.ts";

/** One identity, with what decides how well its totals can be known. */
export interface Audited {
  readonly identity: Identity;
  readonly ledgers: readonly Ledger[];
  /** All lives of its service, whether or not this identity counted anything in them. */
  readonly lives: readonly Life[];
  readonly handler: HandlerType;
  readonly isDelta: boolean;
}

/**
 * `exact`: to the byte. `bounded`: never above the truth, and for bytes the truth is within what is shown as uncertain.
 * `nothing`: no more than that it never falls.
 */
export type Promised = "exact" | "bounded" | "nothing";

export function auditedOf(books: Books, { nodes }: Scenario, identity: Identity): Audited {
  const { gost } = nodes.find(({ gost }) => gost.node === identity.node)!;
  const { resetTraffic, handler } = gost.services.find(({ name }) => name === identity.service)!;
  const lives = books.ledgersOf({ ...identity, kind: "service", client: "" }).map(({ life }) => life);
  return { identity, ledgers: books.ledgersOf(identity), lives, handler, isDelta: resetTraffic };
}

/** What docs/counting.md promises of a total. */
export function promiseOf(audited: Audited, member: keyof Totals): Promised {
  const { identity, lives, handler, isDelta } = audited;
  const { kind } = identity;
  if (isDelta && (member === "inputBytes" || member === "outputBytes")) return "exact";
  const restartsUntold = lives.some((life, index) => index > 0 && isUntoldRestart(lives[index - 1]!, life));
  const reloadsUntold = lives.some((life, index) => index > 0 && isUntoldReload(lives[index - 1]!, life));
  const mayBeSeveral = goesOn(audited) || (kind === "handler" && handler === "auto");
  if (reloadsUntold || (mayBeSeveral && restartsUntold)) return "nothing";
  // A handler ticks from its creation on: its first report may come with a `running` that was held up, or before it.
  if (kind === "handler" && lives.some((life, index) => index > 0 && wasToldLate(life))) return "nothing";
  if (lives.some(({ outlivesUnseen }) => outlivesUnseen) || instancesMax(lives) > INSTANCES_MAX) return "nothing";
  if (mayBeSeveral || (kind === "handler" && restartsUntold)) return "bounded";
  return "exact";
}

/** Whether an instance was reloaded, as far as the receiver was told, with something of it open. */
function goesOn({ ledgers, lives }: Audited): boolean {
  return ledgers.some(({ life, mayGoOn }) => mayGoOn !== false && seemsReloaded(lives, lives.indexOf(life)));
}

/** Whether the next beginning that was told after this life looks like a reload: a restart that was not told ends nothing. */
function seemsReloaded(lives: readonly Life[], index: number): boolean {
  for (let next = index + 1; next < lives.length; next++) {
    if (isLikeReload(lives[next - 1]!, lives[next]!)) return true;
    if (lives[next]!.began.state === "taken") return false;
  }
  return false;
}

/** Nothing in the reports tells of a restart whose `running` was lost, where no counter is below its last value. */
export function isUntoldRestart(before: Life, { process, began }: Life): boolean {
  return before.process !== process && began.state !== "taken";
}

/** More instances that one process outlives by reloads are not told apart. */
const INSTANCES_MAX = 4;

function instancesMax(lives: readonly Life[]): number {
  let most = 1;
  let instances = 1;
  lives.forEach((life, index) => {
    if (index === 0) return;
    instances = isLikeReload(lives[index - 1]!, life) ? instances + 1 : 1;
    most = Math.max(most, instances);
  });
  return most;
}

/** A process that said it was closed, and whose successor began soon, looks no different from a reload. */
function isLikeReload({ process, closed }: Life, after: Life): boolean {
  return process === after.process || closed.state !== "open";
}

/** A reload of which one half was lost, or came late, is taken for a restart, or not seen at all. */
function isUntoldReload({ process, closed }: Life, after: Life): boolean {
  if (process !== after.process) return false;
  const [closedAtMs, beganAtMs] = [closed.takenAtMs, after.began.takenAtMs];
  if (closedAtMs === undefined || beganAtMs === undefined) return true;
  return Math.abs(closedAtMs - beganAtMs) > RELOAD_MS - LEEWAY_MS;
}

/** So soon the first report of a life can come. */
const FIRST_TICK_MS = 1_000;

function wasToldLate({ began, createdAtMs }: Life): boolean {
  return began.takenAtMs !== undefined && began.takenAtMs - createdAtMs > FIRST_TICK_MS - SETTLING_MS;
}

/** A status is taken a little before its answer is out. */
const LEEWAY_MS = 500;
