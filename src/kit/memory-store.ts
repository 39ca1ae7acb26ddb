import type { Change, Page, PageRange, ScopeRename, StateScope, StoreBackend, ValueScope } from "../component/store.ts";

/**
 * A store that ends with the process. It keeps the staged values themselves, so nothing is encoded;
 * and it is never late, so deliveries over it never wait.
 */
export function memoryStore(): StoreBackend {
  const scopes = new Map<string, Map<string, unknown>>();
  const rowsOf = (scope: ValueScope<unknown>) => {
    const table = tableOf(scope);
    let rows = scopes.get(table);
    if (rows === undefined) {
      rows = new Map();
      scopes.set(table, rows);
    }
    return rows;
  };
  return {
    durable: false,
    async load<T>(scope: StateScope<T>) {
      return new Map(scopes.get(tableOf(scope))) as ReadonlyMap<string, T>;
    },
    async page<T>(scope: StateScope<T>, range: PageRange) {
      return pageOf(scopes.get(scope.name) as ReadonlyMap<string, T> | undefined, range);
    },
    async find<T>(scope: ValueScope<T>, keys: readonly string[]) {
      return foundIn(scopes.get(tableOf(scope)) as ReadonlyMap<string, T> | undefined, keys);
    },
    async count(scope) {
      return scopes.get(tableOf(scope))?.size ?? 0;
    },
    commit(changes: readonly Change[]) {
      // Neighbours are mostly of one scope: its rows are looked up once for all of them.
      let looked: ValueScope<unknown> | undefined;
      let rows: Map<string, unknown> | undefined;
      for (const { scope, key, value } of changes) {
        if (rows === undefined || scope !== looked) rows = rowsOf(scope);
        looked = scope;
        if (value === undefined) rows.delete(key);
        else rows.set(key, value);
      }
    },
    scopes: {
      names: async () => namesIn(scopes),
      async rename(renames) {
        renameIn(scopes, renames);
      },
    },
  };
}

const RESTING = " (archive)";

/** Where the values of a scope are: those that rest are apart. */
export function tableOf({ name, archived }: ValueScope<unknown>): string {
  return archived === true ? name + RESTING : name;
}

function nameOf(table: string): string {
  return table.endsWith(RESTING) ? table.slice(0, -RESTING.length) : table;
}

export function namesIn(tables: ReadonlyMap<string, ReadonlyMap<string, unknown>>): readonly string[] {
  return [...new Set([...tables].flatMap(([table, rows]) => (rows.size > 0 ? nameOf(table) : [])))];
}

export function renameIn<Rows extends ReadonlyMap<string, unknown>>(
  tables: Map<string, Rows>,
  renames: readonly ScopeRename[],
): void {
  const moves = renames.flatMap(({ from, to }) => [
    { from, to },
    { from: from + RESTING, to: to + RESTING },
  ]);
  for (const { to } of moves) if (tables.get(to)?.size) throw new Error(`${nameOf(to)} has rows already`);
  for (const { from, to } of moves) {
    const rows = tables.get(from);
    if (rows === undefined) continue;
    tables.set(to, rows);
    tables.delete(from);
  }
}

export function foundIn<T>(rows: ReadonlyMap<string, T> | undefined, keys: readonly string[]): ReadonlyMap<string, T> {
  return new Map(keys.filter((key) => rows?.has(key)).map((key) => [key, rows!.get(key)!]));
}

/** A page of rows that are all at hand. */
export function pageOf<T>(rows: ReadonlyMap<string, T> | undefined, { after, rowsMax }: PageRange): Page<T> {
  const keys = [...(rows?.keys() ?? [])].filter((key) => after === undefined || key > after).sort();
  const page = keys.slice(0, rowsMax);
  return {
    rows: page.map((key) => [key, rows!.get(key)!] as const),
    last: page.length < keys.length ? page.at(-1) : undefined,
  };
}
