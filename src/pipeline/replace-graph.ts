import type { OwnedResource } from "../component/define.ts";
import { Refusal } from "../component/refusal.ts";
import { deadline, NEVER } from "../lib/abort.ts";
import type { Clock } from "../lib/clock.ts";
import { hostsMeet } from "../lib/host.ts";
import type { Deliveries } from "./deliveries.ts";
import { connectGraph, type GraphNode } from "./graph.ts";
import { type ComponentError, openToAll, prepareNodes, restoreNode, stopNodes } from "./lifecycle.ts";
import { newBranches } from "./new-branches.ts";

/** For what starts while the old graph works. */
const START_TIMEOUT_MS = 20_000;
/** For what is under way when the gates close. Below GOST's own patience of 5 s. */
const DRAIN_TIMEOUT_MS = 3_000;
/** For everything that happens while the gates are closed. */
const PAUSE_TIMEOUT_MS = 10_000;
/** For those who leave: well below what a stop of the whole agent has. */
const STOP_TIMEOUT_MS = 10_000;

export interface Replacement {
  readonly clock: Clock;
  readonly deliveries: Deliveries;
  /** The graph that runs. */
  readonly running: readonly GraphNode[];
  readonly kept: ReadonlyMap<string, GraphNode>;
  /** Builds the new graph around what is kept. `made` hears of each new instance. */
  build(made: (node: GraphNode) => void): readonly GraphNode[];
  /** Builds the running graph once more, around what of it still runs. */
  rebuild(kept: ReadonlyMap<string, GraphNode>, made: (node: GraphNode) => void): readonly GraphNode[];
  /** Who of the new graph goes on with somebody else's state; undefined: nobody. */
  inherit?(nodes: readonly GraphNode[], signal: AbortSignal): Promise<Inheritance | undefined>;
  /** Throws when the new graph is not to be, at the last moment before it is. */
  check(nodes: readonly GraphNode[]): void;
  /** From `Listen`: so that who connects between two that listen at one place waits, and is not refused. */
  readonly holdPorts?: (() => () => void) | undefined;
}

/** State that goes over to another owner while nobody uses it. */
export interface Inheritance {
  /** By the owner that is to have it, the one that has it. */
  readonly heirs: ReadonlyMap<string, string>;
  take(signal: AbortSignal): Promise<void>;
  giveBack(signal: AbortSignal): Promise<void>;
}

/** `failed` and `broken`: `error` says why. A broken graph is not whole: what was stopped could not be started again. */
export type Replaced =
  | { readonly type: "replaced"; readonly nodes: readonly GraphNode[]; readonly leaving: readonly GraphNode[] }
  | { readonly type: "failed" | "broken"; readonly nodes: readonly GraphNode[]; readonly error: unknown };

/**
 * Puts a new graph in the place of the running one: the specification is docs/specs/reload.md. On any failure the
 * running one goes on: its ports point where they did, and what of it had to be stopped is made and started again.
 */
export async function replaceGraph(replacement: Replacement, signal: AbortSignal): Promise<Replaced> {
  const letGoOfPorts = replacement.holdPorts?.();
  try {
    return await replaced(replacement, signal);
  } finally {
    letGoOfPorts?.();
  }
}

async function replaced(replacement: Replacement, signal: AbortSignal): Promise<Replaced> {
  const { clock, deliveries, running, kept } = replacement;
  const leaving = running.filter(({ plan }) => !kept.has(plan.key));
  const made: GraphNode[] = [];
  const add = (node: GraphNode) => {
    if (node.plan.kind === "receiver") node.seat.gate.close();
    made.push(node);
  };
  let stopped: readonly GraphNode[] = [];
  let paused = false;
  let inheritance: Inheritance | undefined;
  let taken = false;
  try {
    const nodes = replacement.build(add);
    inheritance = await within(clock, START_TIMEOUT_MS, "looking for state", signal, async (limit) =>
      replacement.inherit?.(nodes, limit),
    );
    const heirs = inheritance?.heirs ?? new Map<string, string>();
    const clash = clashing(heirs);
    const late = lateNodes(made, (node) => heirs.has(node.owner) || leaving.some((other) => clash(node, other)));
    const early = made.filter((node) => !late.has(node));
    await within(clock, START_TIMEOUT_MS, "starting the new components", signal, (limit) => prepareNodes(early, limit));
    closeGates(running);
    await within(clock, DRAIN_TIMEOUT_MS, "finishing what is under way", signal, (limit) => deliveries.drained(limit));
    paused = true;
    if (deliveries.unsure) throw new Error("the store has not said yet whether it kept a commit; try again");
    await within(clock, PAUSE_TIMEOUT_MS, "replacing components", signal, async (limit) => {
      stopped = stoppedFirst(running, leaving, (other) => [...late].some((node) => clash(other, node)));
      await retire(stopped, limit);
      taken = true;
      await inheritance?.take(limit);
      await prepareNodes([...late], limit);
      await putIn({ nodes, made, running }, limit);
      replacement.check(nodes);
    });
    openGates(nodes);
    return { type: "replaced", nodes, leaving: leaving.filter((node) => !stopped.includes(node)) };
  } catch (error) {
    await takeOut(made, paused, replacement);
    connectGraph(running);
    try {
      if (taken) {
        await within(clock, PAUSE_TIMEOUT_MS, "giving state back", NEVER, async (limit) =>
          inheritance?.giveBack(limit),
        );
      }
      if (stopped.length === 0) {
        openGates(running);
        return { type: "failed", nodes: running, error };
      }
      // Where the agent is being stopped too: what is held back, and what others hold, goes through a graph that is whole.
      return { type: "failed", nodes: await startAgain(stopped, replacement), error };
    } catch (again) {
      for (const { seat } of running) seat.gate.shut(new Refusal("retryable", "reload_failed", "the agent is broken"));
      return { type: "broken", nodes: running, error: signal.aborted ? error : again };
    }
  }
}

/** Stops those who left the graph; what they hand on still goes where it went. */
export function stopLeaving(leaving: readonly GraphNode[], clock: Clock): Promise<readonly ComponentError[]> {
  return within(clock, STOP_TIMEOUT_MS, "stopping what was replaced", NEVER, (limit) => retire(leaving, limit));
}

function retire(nodes: readonly GraphNode[], limit: AbortSignal): Promise<readonly ComponentError[]> {
  openGates(nodes);
  return stopNodes(nodes, limit, ({ seat }) => seat.gate.drained(limit));
}

/** Connects a graph whose new instances have started, and hands on what is stored to whoever is new. */
async function putIn(
  { nodes, made, running }: { nodes: readonly GraphNode[]; made: readonly GraphNode[]; running: readonly GraphNode[] },
  limit: AbortSignal,
): Promise<void> {
  connectGraph(nodes);
  for (const node of nodes) {
    if (node.instance.restore === undefined) continue;
    const isMade = made.includes(node);
    const leadsTo = isMade ? undefined : newBranches(node, nodes, running);
    if (!isMade && leadsTo === undefined) continue;
    connectGraph(nodes, leadsTo);
    node.seat.gate.open();
    await restoreNode(node, limit);
    connectGraph(nodes);
  }
  await openToAll(made, limit);
}

/** Stops what was made for a graph that is not to be. */
async function takeOut(
  made: readonly GraphNode[],
  paused: boolean,
  { clock, deliveries, running }: Replacement,
): Promise<void> {
  // What a receiver has been sent is refused rather than handed to components that are about to end.
  for (const { plan, seat } of made) {
    if (plan.kind === "receiver") seat.gate.shut(new Refusal("retryable", "reload_failed", "a reload was given up"));
  }
  if (paused) {
    closeGates(running); // A restore may have opened some.
    await within(clock, DRAIN_TIMEOUT_MS, "finishing what is under way", NEVER, (limit) =>
      deliveries.drained(limit).catch(() => {}),
    );
  }
  await within(clock, STOP_TIMEOUT_MS, "stopping the new components", NEVER, (limit) =>
    stopNodes(made, limit, ({ seat }) => seat.gate.drained(limit)),
  );
}

/** Makes and starts again what was stopped for the sake of a reload that failed. */
async function startAgain(
  stopped: readonly GraphNode[],
  { clock, running, rebuild }: Replacement,
): Promise<readonly GraphNode[]> {
  const left = new Map(running.filter((node) => !stopped.includes(node)).map((node) => [node.plan.key, node]));
  const made: GraphNode[] = [];
  const nodes = rebuild(left, (node) => made.push(node));
  for (const { plan, seat } of made) if (plan.kind === "receiver") seat.gate.close();
  await within(clock, PAUSE_TIMEOUT_MS, "starting the old components again", NEVER, async (limit) => {
    await prepareNodes(made, limit);
    await putIn({ nodes, made, running }, limit);
  });
  openGates(nodes);
  return nodes;
}

function closeGates(nodes: readonly GraphNode[]): void {
  for (const { seat } of nodes) seat.gate.close();
}

function openGates(nodes: readonly GraphNode[]): void {
  for (const { seat } of nodes) seat.gate.open();
}

/**
 * Those of the new nodes that cannot start while those who leave are there, since both have the same state or the same
 * port or file, or since their state has yet to become theirs; with them whoever sends to them or uses them, and receivers, whose state may be anybody's.
 */
function lateNodes(made: readonly GraphNode[], mustWait: (node: GraphNode) => boolean): ReadonlySet<GraphNode> {
  const late = new Set<GraphNode>();
  const isLate = (key: string) => [...late].some(({ plan }) => plan.key === key);
  for (const node of made) {
    const sendsToLate = node.plan.links.some(({ targets }) => targets.some(isLate));
    const usesLate = [...node.seat.uses].some((id) => isLate(`extension:${id}`));
    if (node.plan.kind === "receiver" || sendsToLate || usesLate || mustWait(node)) late.add(node);
  }
  return late;
}

/** Those who leave and must be gone before the late ones start; with them whoever may still hand something on to them. */
function stoppedFirst(
  running: readonly GraphNode[],
  leaving: readonly GraphNode[],
  isInTheWay: (node: GraphNode) => boolean,
): readonly GraphNode[] {
  const leadsThere = new Set<string>();
  const stopped: GraphNode[] = [];
  // Whoever is sent to stands in front of its senders.
  for (const node of running) {
    const { key, links } = node.plan;
    const leads = links.some(({ targets }) => targets.some((target) => leadsThere.has(target)));
    const must = leaving.includes(node) && (leads || isInTheWay(node));
    if (leads || must) leadsThere.add(key);
    if (must) stopped.push(node);
  }
  return stopped;
}

/** Whether two cannot both live: with one state, though it may have another name yet, or one port or file. */
function clashing(heirs: ReadonlyMap<string, string>): (one: GraphNode, other: GraphNode) => boolean {
  const stateOf = ({ owner }: GraphNode) => heirs.get(owner) ?? owner;
  return (one, other) => {
    if (stateOf(one) === stateOf(other) && (one.seat.keepsState || other.seat.keepsState)) return true;
    const others = resourcesOf(other);
    return resourcesOf(one).some((resource) => others.some((held) => sameResource(resource, held)));
  };
}

function resourcesOf({ component: { definition, config } }: GraphNode): readonly OwnedResource[] {
  return definition.resources?.(config) ?? [];
}

function sameResource(one: OwnedResource, other: OwnedResource): boolean {
  if (one.type === "listen" && other.type === "listen") {
    return one.port !== 0 && one.port === other.port && hostsMeet(one.host, other.host);
  }
  return one.type === "file" && other.type === "file" && one.file === other.file;
}

/** Everything that is waited for in here gives up with the limit. */
async function within<T>(
  clock: Clock,
  timeoutMs: number,
  what: string,
  signal: AbortSignal,
  work: (limit: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = deadline(clock, timeoutMs, what, signal);
  try {
    return await work(limit.signal);
  } finally {
    limit.cancel();
  }
}
