import type {
  Cell,
  Change,
  Page,
  PageRange,
  ScopeRename,
  StateScope,
  StoreBackend,
  ValueScope,
} from "../component/store.ts";

/** A value, or the cell whose state it is. */
type Row = Pick<Cell<unknown>, "state"> & Partial<Cell<unknown>>;

/**
 * A store that ends with the process. It keeps the staged values themselves, so nothing is encoded; of what changes with
 * every report it keeps the cell, so that such a change costs nothing here; and it is never late, so deliveries over it
 * never wait.
 */
export function memoryStore(): StoreBackend {
  const scopes = new Map<string, Map<string, Row>>();
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
      return valuesOf<T>(scopes.get(tableOf(scope)) ?? []);
    },
    async page<T>(scope: StateScope<T>, range: PageRange) {
      const { rows, last } = pageOf(scopes.get(scope.name), range);
      return { rows: rows.map(([key, { state }]) => [key, state as T] as const), last };
    },
    async find<T>(scope: ValueScope<T>, keys: readonly string[]) {
      return valuesOf<T>(foundIn(scopes.get(tableOf(scope)), keys));
    },
    async count(scope) {
      return scopes.get(tableOf(scope))?.size ?? 0;
    },
    commit(changes: readonly Change[]) {
      // Neighbours are mostly of one scope: its rows are looked up once for all of them.
      let looked: ValueScope<unknown> | undefined;
      let rows: Map<string, Row> | undefined;
      for (const { scope, key, value, cell } of changes) {
        if (cell?.rowOf === scopes && value !== undefined) continue;
        if (rows === undefined || scope !== looked) rows = rowsOf(scope);
        looked = scope;
        const before = rows.get(key);
        if (before !== undefined) before.rowOf = undefined;
        if (value === undefined) rows.delete(key);
        else if (cell === undefined) rows.set(key, { state: value });
        else {
          rows.set(key, cell);
          cell.rowOf = scopes;
        }
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

function valuesOf<T>(rows: Iterable<readonly [string, Row]>): ReadonlyMap<string, T> {
  return new Map(Array.from(rows, ([key, { state }]) => [key, state as T] as const));
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
