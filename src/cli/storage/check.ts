import { filesSetAside } from "../../kit/store/set-aside-file.ts";
import type { ScopeCheck, StoreCheck, StoreReader } from "../../kit/store/store-reader.ts";
import { statesOf } from "../../service/component-deps.ts";
import { ownerOf, typeOf } from "../../service/state-names.ts";
import type { CliContext } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { printLines } from "../print-lines.ts";
import { printable } from "../printable.ts";
import { tableLines } from "../text-table.ts";
import { bytesText } from "../totals/total-text.ts";
import { type StoreOptions, withStore } from "../with-store.ts";
import { runningAgent } from "./running-agent.ts";

/** `gostcol storage check`: what is in the store, whose it is, and whether it is whole. Exit code 1 where it is not. */
export async function checkCommand(context: CliContext, options: StoreOptions): Promise<number> {
  return withStore(context, options, async (reader, { config }) => {
    const { sizes } = reader;
    const check = reader.check();
    reader.close();
    const agent = await runningAgent(context, reader.folder);
    const used = agent?.states ?? (config && statesOf(config));
    const damaged = check.scopes.reduce((sum, scope) => sum + scope.damaged, 0);
    printLines(context, [
      `${reader.file}: ${bytesText(sizes.file)}, its log ${bytesText(sizes.log)}, format ${check.version}`,
      agent === undefined ? "No agent runs on it." : `An agent runs on it: gostcol ${printable(agent.version)}.`,
      ...integrityLines(check, damaged),
      "",
      ...stateLines(check.scopes, used),
      ...unusedLines(check.scopes, used),
      ...setAsideLines(check, reader),
    ]);
    return check.flaw === undefined && damaged === 0 ? EXIT.ok : EXIT.failure;
  });
}

function integrityLines({ flaw, scopes }: StoreCheck, damaged: number): readonly string[] {
  const rows = scopes.reduce((sum, scope) => sum + scope.rows, 0);
  if (flaw === undefined && damaged === 0) return [`It is whole: ${rows} rows, and the checksum of each fits.`];
  return [
    ...(flaw === undefined
      ? []
      : [`DAMAGED: ${printable(flaw)}. The next start sets the file aside, and begins a new one.`]),
    ...(damaged === 0
      ? []
      : [`DAMAGED: the checksum of ${damaged} of ${rows} rows does not fit. The next start sets them aside.`]),
  ];
}

interface State {
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
  readonly damaged: number;
}

function statesIn(scopes: readonly ScopeCheck[], used: readonly string[] = []): readonly State[] {
  const states = new Map<string, State>();
  for (const { name, rows, bytes, damaged } of scopes) {
    const owner = ownerOf(name, used);
    const sum = states.get(owner) ?? { name: owner, rows: 0, bytes: 0, damaged: 0 };
    states.set(owner, { name: owner, rows: sum.rows + rows, bytes: sum.bytes + bytes, damaged: sum.damaged + damaged });
  }
  return [...states.values()];
}

/** Who is whose is known from the running agent, or else from the configuration. */
function* stateLines(scopes: readonly ScopeCheck[], used: readonly string[] | undefined): Iterable<string> {
  const isUsed = ({ name }: State) => (name === AGENT || used?.includes(name) ? "yes" : "NO");
  const rows = statesIn(scopes, used).map((state) => [
    printable(state.name),
    String(state.rows),
    bytesText(state.bytes),
    ...(used === undefined ? [] : [isUsed(state)]),
  ]);
  const head = ["STATE", "ROWS", "SIZE", ...(used === undefined ? [] : ["USED"])];
  yield* rows.length === 0 ? ["It is empty."] : tableLines(() => [head, ...rows], new Set([1, 2]));
}

/** What the agent keeps for itself. */
const AGENT = "agent";

function* unusedLines(scopes: readonly ScopeCheck[], used: readonly string[] | undefined): Iterable<string> {
  if (used === undefined) return;
  const unused = statesIn(scopes, used).filter(({ name }) => name !== AGENT && !used.includes(name));
  for (const { name } of unused) {
    const heirs = used.filter((other) => typeOf(other) === typeOf(name));
    yield "";
    yield `Nobody uses the state of ${printable(name)}.${heirs.length === 0 ? "" : " A start goes on with it where only one can be meant; else stop gostcol and run:"}`;
    const isFilled = (heir: string) => statesIn(scopes, used).some((state) => state.name === heir);
    for (const heir of heirs) {
      yield `  gostcol storage move ${isFilled(heir) ? "--replace " : ""}${quoted(name)} ${quoted(heir)}`;
    }
  }
}

function* setAsideLines({ rowsSetAside }: StoreCheck, { folder }: StoreReader): Iterable<string> {
  const files = filesSetAside(folder);
  if (rowsSetAside + files.length > 0) yield "";
  if (rowsSetAside > 0) yield `Rows that were set aside, in the table set_aside: ${rowsSetAside}.`;
  if (files.length > 0) yield `Stores that were set aside: ${files.map(printable).join(", ")}.`;
}

/** As a shell takes it; names may have nearly any character. */
function quoted(name: string): string {
  return /^[\w:/@.,+-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}
