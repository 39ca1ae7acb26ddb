import { resolve } from "node:path";
import type { CheckedConfig } from "../config/checked-config.ts";
import { StoreReadError, StoreReader } from "../kit/store/store-reader.ts";
import { NEVER } from "../lib/abort.ts";
import type { CliContext } from "./context.ts";
import { EXIT } from "./exit-codes.ts";
import { type ConfigOptions, problemsText, readConfig } from "./resolve-config.ts";

/** Which store a command works on. */
export interface StoreOptions extends ConfigOptions {
  /** The folder itself; then no configuration is read. */
  readonly folder?: string;
}

/** Opens the store that the options name, for reading. That it cannot be found or read is said, and is the exit code. */
export async function withStore(
  context: CliContext,
  options: StoreOptions,
  work: (reader: StoreReader, place: StorePlace) => number | Promise<number>,
): Promise<number> {
  let reader: StoreReader | undefined;
  try {
    const place = await storePlace(context, options);
    reader = new StoreReader(place.folder);
    return await work(reader, place);
  } catch (thrown) {
    if (thrown instanceof NoStorePlaceError) {
      context.printError(`${thrown.message}\n`);
      return EXIT.usage;
    }
    if (!(thrown instanceof StoreReadError)) throw thrown;
    context.printError(`${thrown.message}\n`);
    return EXIT.failure;
  } finally {
    reader?.close();
  }
}

export interface StorePlace {
  readonly folder: string;
  /** Undefined where the folder was named. */
  readonly config: CheckedConfig | undefined;
}

/** A place that cannot be found; the message is for a person. The command ends with exit code 2. */
export class NoStorePlaceError extends Error {
  override readonly name = "NoStorePlaceError";
}

/** The store of the configuration, which must be one that could run: as little is said about it as can be. */
export async function storePlace(context: CliContext, options: StoreOptions): Promise<StorePlace> {
  if (options.folder !== undefined) {
    return { folder: resolve(context.workingDirectory, options.folder), config: undefined };
  }
  const read = await readConfig(context, options, NEVER, () => {});
  const { config, origin } = read;
  if (config === undefined) throw new NoStorePlaceError(problemsText(read));
  for (const id of config.service.extensions) {
    const { definition, config: own } = config.extensions.get(id)!;
    if (definition.kind !== "extension" || definition.storeFolder === undefined) continue;
    return { folder: resolve(context.workingDirectory, definition.storeFolder(own)), config };
  }
  throw new NoStorePlaceError(
    `${origin} keeps its totals in memory: no extension of service.extensions is a store (gostcol explain extensions).`,
  );
}
