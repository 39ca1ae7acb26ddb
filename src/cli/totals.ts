import { StoreReadError, StoreReader } from "../kit/store/store-reader.ts";
import type { CliContext } from "./context.ts";
import { EXIT } from "./exit-codes.ts";
import { NoStorePlaceError, type StoreOptions, storePlace } from "./store-folder.ts";
import { TOTALS_FORMATS, type TotalsFormat } from "./totals/formats.ts";
import { readTotals, type TotalsFilter } from "./totals/read-totals.ts";

export interface TotalsOptions extends StoreOptions, TotalsFilter {
  readonly format: TotalsFormat;
  /** Connections and errors as well. */
  readonly all: boolean;
}

/** `gostcol totals`: what is in the store, which is read beside a running agent or without one. Results go to the output. */
export async function totalsCommand(context: CliContext, options: TotalsOptions): Promise<number> {
  return withStore(context, options, (reader) => {
    const owners = readTotals(
      reader,
      context.registry,
      options,
      ({ direction }) => options.all || direction !== undefined,
    );
    const { unreadable } = reader;
    reader.close(); // Printing may wait for a reader of ours, and the agent's log would wait with it.
    const count = owners.reduce((sum, { totals }) => sum + totals.length, 0);
    if (count > 0 || options.format !== "table") printLines(context, TOTALS_FORMATS[options.format](owners));
    if (count === 0) context.printError(`${nothingText(options, reader.file)}\n`);
    if (unreadable > 0) {
      context.printError(`${unreadable} rows of the store could not be read: gostcol storage check says more.\n`);
      return EXIT.failure;
    }
    return EXIT.ok;
  });
}

/** Opens the store that the options name, for reading. That it cannot be found or read is said, and is the exit code. */
export async function withStore(
  context: CliContext,
  options: StoreOptions,
  work: (reader: StoreReader) => number | Promise<number>,
): Promise<number> {
  let reader: StoreReader | undefined;
  try {
    const { folder } = await storePlace(context, options);
    reader = new StoreReader(folder);
    return await work(reader);
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

const CHUNK_CHARACTERS = 64 * 1024;

/** A write for each line would be slow, and one for all of them large. */
export function printLines({ print }: CliContext, lines: Iterable<string>): void {
  let chunk = "";
  for (const line of lines) {
    chunk += `${line}\n`;
    if (chunk.length < CHUNK_CHARACTERS) continue;
    print(chunk);
    chunk = "";
  }
  if (chunk !== "") print(chunk);
}

function nothingText({ node, service, client }: TotalsFilter, file: string): string {
  const isFiltered = node.length + service.length + client.length > 0;
  return isFiltered
    ? "No total fits. Names are compared as a whole; gostcol totals without --node, --service and --client shows all."
    : `No totals yet: ${file} is there, and no report of traffic has been kept in it.`;
}
