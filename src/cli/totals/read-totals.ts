import { loadDefinition, type Registry } from "../../component/registry.ts";
import type { StoredTotal, StoredTotals } from "../../component/totals.ts";
import type { StoreReader } from "../../kit/store/store-reader.ts";
import type { StreamOwner } from "../../model/stream-key.ts";
import { ownerOf, typeOf } from "../../service/state-names.ts";

/** The totals of one instance of a processor. */
export interface TotalsOfOwner {
  /** The name of its state: `processor:delta_to_cumulative`. */
  readonly state: string;
  readonly totals: readonly StoredTotal[];
}

/** Which totals are asked for; each list is empty for all, else one of its names has to fit. */
export interface TotalsFilter {
  readonly node: readonly string[];
  readonly service: readonly string[];
  readonly client: readonly string[];
}

/** Those in the store that fit, in the order in which they are shown. */
export async function readTotals(
  reader: StoreReader,
  registry: Registry,
  filter: TotalsFilter,
  isWanted: (total: StoredTotal) => boolean,
): Promise<readonly TotalsOfOwner[]> {
  return (await keepersOfTotals(reader, registry)).map(({ state, stored }) => {
    const totals: StoredTotal[] = [];
    for (const total of stored.read(reader.of(state), (owner) => fits(owner, filter))) {
      if (isWanted(total)) totals.push(total);
    }
    return { state, totals: totals.sort(inOrder) };
  });
}

/** Everybody in the store who may have totals there, whether or not the configuration names them still. */
export async function keepersOfTotals(
  reader: StoreReader,
  registry: Registry,
): Promise<readonly { readonly state: string; readonly stored: StoredTotals }[]> {
  const states = new Set(reader.scopeNames().map((scope) => ownerOf(scope)));
  const keepers = [];
  for (const state of states) {
    if (!state.startsWith("processor:")) continue;
    const definition = await loadDefinition(registry, "processor", typeOf(state).slice("processor:".length));
    if (definition?.kind === "processor" && definition.totals) keepers.push({ state, stored: definition.totals });
  }
  return keepers;
}

export function fits({ node, service, client }: StreamOwner, filter: TotalsFilter): boolean {
  const isOneOf = (name: string | null | undefined, names: readonly string[]) =>
    names.length === 0 || (typeof name === "string" && names.includes(name));
  return isOneOf(node, filter.node) && isOneOf(service, filter.service) && isOneOf(client, filter.client);
}

/** By node and service; the service itself before its clients, and those without a name last; bytes first. */
function inOrder(left: StoredTotal, right: StoredTotal): number {
  const [one, other] = [left.owner, right.owner];
  return (
    compared(one.node, other.node) ||
    compared(one.service, other.service) ||
    compared(rankOf(one), rankOf(other)) ||
    compared(one.client ?? "", other.client ?? "") ||
    compared(left.direction === undefined ? 1 : 0, right.direction === undefined ? 1 : 0) ||
    compared(left.direction ?? left.metric, right.direction ?? right.metric)
  );
}

function rankOf({ kind, client }: StreamOwner): number {
  return (kind === "service" ? 0 : 2) + (client === null ? 1 : 0);
}

/** By code units: the same for everybody, whatever their language. */
function compared<T extends string | number>(left: T, right: T): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
