import { idOf, pipelineOf, typeOf } from "./state-names.ts";

/** Somebody who keeps state in the agent that is to run. */
export interface Keeper {
  readonly owner: string;
  /** Where it stands, or the first place of several. */
  readonly pipeline: string | undefined;
}

export interface StoredStates {
  /** Everybody who has state in the store, or runs and may yet have some. */
  readonly owners: readonly string[];
  /** Whoever kept state in the agent before, with the pipeline that it stood in. */
  readonly before: ReadonlyMap<string, string | undefined>;
}

export interface Adoption {
  readonly from: string;
  readonly to: string;
}

export interface Adoptions {
  readonly adopted: readonly Adoption[];
  /** New ones that one of several states could be meant for, or the other way round: they begin anew. */
  readonly unclear: readonly { readonly orphans: readonly string[]; readonly heirs: readonly string[] }[];
  /** States that nobody keeps any more, and that nobody new could go on with. */
  readonly unused: readonly string[];
}

/**
 * Whose state goes on under another name: a processor that was renamed, or that entered or left a second pipeline, is the
 * same to whoever wrote the configuration. Only processors: what waits in the queue of an exporter is for its receiver,
 * and another exporter may have another. In three steps, each for whom the ones before found nothing:
 *
 * 1. the same id in the same pipeline, which the name has only where there are several;
 * 2. one state and one new instance of the same id: its pipeline has another name;
 * 3. one state and one new instance of the same type, where the one id is gone and the other was never there.
 */
export function adoptions(keepers: readonly Keeper[], { owners, before }: StoredStates): Adoptions {
  const present = new Set(keepers.map(({ owner }) => owner));
  const orphans = new Set(owners.filter((owner) => isProcessor(owner) && !present.has(owner)));
  const heirs = new Map(
    keepers
      .filter(({ owner }) => isProcessor(owner) && !before.has(owner) && !owners.includes(owner))
      .map((keeper) => [keeper.owner, keeper]),
  );
  const adopted: Adoption[] = [];
  const adopt = (from: string, to: string) => {
    orphans.delete(from);
    heirs.delete(to);
    adopted.push({ from, to });
  };

  for (const { owner, pipeline } of [...heirs.values()]) {
    const former = [...orphans].filter(
      (orphan) => idOf(orphan) === idOf(owner) && (pipelineOf(orphan) ?? before.get(orphan)) === pipeline,
    );
    if (pipeline !== undefined && former.length === 1) adopt(former[0]!, owner);
  }
  const unclear: { orphans: string[]; heirs: string[] }[] = [];
  const settle = (nameOf: (owner: string) => string, mayInherit: (owner: string) => boolean) => {
    for (const name of new Set([...orphans].map(nameOf))) {
      const from = [...orphans].filter((owner) => nameOf(owner) === name);
      const to = [...heirs.keys()].filter((owner) => nameOf(owner) === name && mayInherit(owner));
      if (from.length === 1 && to.length === 1) adopt(from[0]!, to[0]!);
      else if (to.length > 0) unclear.push({ orphans: from, heirs: to });
    }
  };
  settle(idOf, () => true);
  for (const { orphans: from, heirs: to } of unclear) {
    for (const owner of from) orphans.delete(owner);
    for (const owner of to) heirs.delete(owner);
  }
  // A further instance of an id that goes on elsewhere is no other one by a new name.
  const known = new Set([...owners.filter((owner) => present.has(owner)), ...adopted.map(({ to }) => to)].map(idOf));
  settle(typeOf, (owner) => !known.has(idOf(owner)));
  const unused = [...orphans].filter((owner) => !unclear.some((group) => group.orphans.includes(owner)));
  return { adopted, unclear, unused };
}

function isProcessor(owner: string): boolean {
  return owner.startsWith("processor:");
}
