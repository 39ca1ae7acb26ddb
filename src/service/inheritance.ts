import type { Log } from "../component/log.ts";
import type { Change, Codec, StateScope, StoreBackend } from "../component/store.ts";
import type { GraphNode } from "../pipeline/graph.ts";
import type { Inheritance } from "../pipeline/replace-graph.ts";
import { type Adoption, type Adoptions, adoptions, type Keeper } from "./adoption.ts";
import { isScopeOf, ownerOf } from "./state-names.ts";

/** The state of the agent itself, which is nobody's to adopt. */
const AGENT = "agent";

/** What is decided for a graph before it loads its state. */
export interface DecidedInheritance extends Inheritance {
  /** Says what was decided, and writes down who stands where, for the next time. */
  tell(signal: AbortSignal): Promise<void>;
}

/**
 * Whose state the components of a new graph go on with. The rules are those of `adoptions`; this is what they rest on (who
 * has state in the store, and in which pipeline it was when the agent last ran), and what follows from them.
 */
export async function decideInheritance(
  store: StoreBackend,
  log: Log,
  { nodes, running }: { readonly nodes: readonly GraphNode[]; readonly running: readonly GraphNode[] },
  signal: AbortSignal,
): Promise<DecidedInheritance | undefined> {
  const { scopes } = store;
  if (scopes === undefined) return undefined;
  const places = placesOf(store);
  const before = await places.load(signal);
  const keepers = keepersOf(nodes);
  const present = [...keepers, ...keepersOf(running)].map(({ owner }) => owner);
  const stored = (await scopes.names(signal)).map((name) => ownerOf(name, present)).filter((owner) => owner !== AGENT);
  // Who runs may keep the first of its state while this is decided.
  const owners = [...new Set([...stored, ...keepersOf(running).map(({ owner }) => owner)])];
  const decided = adoptions(keepers, { owners, before });
  const rename = async (adopted: readonly Adoption[], signal: AbortSignal) => {
    if (adopted.length === 0) return;
    const names = await scopes.names(signal);
    const renames = adopted.flatMap(({ from, to }) =>
      names.filter((name) => isScopeOf(name, from)).map((name) => ({ from: name, to: to + name.slice(from.length) })),
    );
    if (renames.length === 0) return;
    await scopes.rename(renames, signal).catch((thrown: unknown) => {
      signal.throwIfAborted();
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      const what = adopted.map(({ from, to }) => `${from} to ${to}`).join(", ");
      throw new Error(`state could not go over from ${what}: ${reason}`, { cause: thrown });
    });
  };
  return {
    heirs: new Map(decided.adopted.map(({ from, to }) => [to, from])),
    take: (signal) => rename(decided.adopted, signal),
    // Whatever is under a new name was taken, for an heir has nothing of its own.
    giveBack: (signal) =>
      rename(
        decided.adopted.map(({ from, to }) => ({ from: to, to: from })),
        signal,
      ),
    async tell(signal) {
      say(decided, log);
      const left = stored.filter((owner) => !decided.adopted.some(({ from }) => from === owner));
      const changes = placeChanges(places, keepers, { before, left });
      try {
        if (changes.length > 0) await store.commit(changes, signal);
      } catch (error) {
        log.warn("the store could not keep who stands in which pipeline; it is tried again at the next start", {
          error,
        });
      }
    },
  };
}

function keepersOf(nodes: readonly GraphNode[]): readonly Keeper[] {
  return nodes.filter(({ seat }) => seat.keepsState).map(({ owner, plan }) => ({ owner, pipeline: plan.pipelines[0] }));
}

function say({ adopted, unclear, unused }: Adoptions, log: Log): void {
  for (const { from, to } of adopted) log.info(`${to} goes on with the state of ${from}`);
  for (const { orphans, heirs } of unclear) {
    log.warn(
      `it is not clear who goes on with the state of ${orphans.join(", ")}, so ${heirs.join(", ")} begin anew; ` +
        `to have one go on, stop gostcol and run: gostcol storage move --replace ${orphans[0]} ${heirs[0]}`,
    );
  }
  if (unused.length > 0) log.info(`nobody uses the state of ${unused.join(", ")}; gostcol storage check says more`);
}

/** Whoever keeps state is written down; whoever neither does nor has any left is forgotten. */
function placeChanges(
  scope: StateScope<string>,
  keepers: readonly Keeper[],
  { before, left }: { readonly before: ReadonlyMap<string, string>; readonly left: readonly string[] },
): readonly Change[] {
  const now = new Map(keepers.map(({ owner, pipeline = "" }) => [owner, pipeline]));
  const gone = [...before.keys()].filter((owner) => !now.has(owner) && !left.includes(owner));
  const moved = [...now].filter(([owner, pipeline]) => before.get(owner) !== pipeline);
  return [
    ...gone.map((key) => ({ scope: scope as StateScope<unknown>, key, value: undefined })),
    ...moved.map(([key, value]) => ({ scope: scope as StateScope<unknown>, key, value })),
  ];
}

function placesOf(store: StoreBackend): StateScope<string> {
  const scope: StateScope<string> = {
    name: `${AGENT}#places`,
    codec: textCodec,
    load: (signal) => store.load(scope, signal),
  };
  return scope;
}

const textCodec: Codec<string> = {
  encode: (text) => Buffer.from(text),
  decode: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(),
};
