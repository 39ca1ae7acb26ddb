import { FolderInUseError } from "../../kit/store/folder-lock.ts";
import { openStoreForCommand } from "../../kit/store/write-store.ts";
import { nearest } from "../../lib/nearest.ts";
import { statesOf } from "../../service/component-deps.ts";
import { isScopeOf, ownerOf, typeOf } from "../../service/state-names.ts";
import type { CliContext } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { printable } from "../printable.ts";
import { type StoreOptions, withStore } from "../with-store.ts";

export interface MoveOptions extends StoreOptions {
  readonly from: string;
  readonly to: string;
  /** Sets aside what the other has of its own. */
  readonly replace: boolean;
}

/** `gostcol storage move`: has one component go on with what another kept, while no agent runs. All of it or nothing. */
export async function moveCommand(context: CliContext, options: MoveOptions): Promise<number> {
  const { from, to, replace } = options;
  const wrong = (message: string) => {
    context.printError(`${message}\n`);
    return EXIT.usage;
  };
  if (from === to) return wrong("Both names are the same.");
  if (typeOf(from) !== typeOf(to))
    return wrong(
      `Only components of one type understand each other's state: ${printable(from)} and ${printable(to)} are not.`,
    );
  return withStore(context, options, (reader, { config }) => {
    const names = reader.scopeNames();
    reader.close();
    const states = [...new Set(names.map((name) => ownerOf(name, [from, to])))];
    if (!states.includes(from)) {
      const suggestion = nearest(from, states);
      return wrong(
        `Nothing in ${reader.file} is the state of ${printable(from)}.${suggestion === undefined ? "" : ` Did you mean ${printable(suggestion)}?`}`,
      );
    }
    if (states.includes(to) && !replace) {
      return wrong(
        `${printable(to)} has state of its own. With --replace it is set aside, in the store's table set_aside.`,
      );
    }
    const parts = [from, to].flatMap((owner) =>
      names.filter((name) => isScopeOf(name, owner)).map((name) => name.slice(owner.length)),
    );
    try {
      const now = context.clock.now();
      const file = openStoreForCommand(reader.folder, now);
      try {
        const renames = [...new Set(parts)].map((part) => ({ from: from + part, to: to + part }));
        file.renameScopes(renames, replace ? { at: now } : undefined);
      } finally {
        file.close();
      }
    } catch (thrown) {
      if (!(thrown instanceof FolderInUseError)) throw thrown;
      context.printError(
        `The store cannot be changed while an agent runs on it: stop that first (${thrown.message}).\n`,
      );
      return EXIT.failure;
    }
    context.print(`${printable(to)} goes on with the state of ${printable(from)}.\n`);
    if (config !== undefined && !statesOf(config).includes(to)) {
      context.printError(
        `Nobody in this configuration is called ${printable(to)}: the state waits until somebody is.\n`,
      );
    }
    return EXIT.ok;
  });
}
