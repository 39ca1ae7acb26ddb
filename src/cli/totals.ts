import type { CliContext } from "./context.ts";
import { EXIT } from "./exit-codes.ts";
import { printLines } from "./print-lines.ts";
import { TOTALS_FORMATS, type TotalsFormat } from "./totals/formats.ts";
import { readTotals, type TotalsFilter } from "./totals/read-totals.ts";
import { type StoreOptions, withStore } from "./with-store.ts";

export interface TotalsOptions extends StoreOptions, TotalsFilter {
  readonly format: TotalsFormat;
  /** Connections and errors as well. */
  readonly all: boolean;
}

/** `gostcol totals`: what is in the store, which is read beside a running agent or without one. Results go to the output. */
export async function totalsCommand(context: CliContext, options: TotalsOptions): Promise<number> {
  return withStore(context, options, async (reader) => {
    const owners = await readTotals(
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

function nothingText({ node, service, client }: TotalsFilter, file: string): string {
  const isFiltered = node.length + service.length + client.length > 0;
  return isFiltered
    ? "No total fits. Names are compared as a whole; gostcol totals without --node, --service and --client shows all."
    : `No totals yet: ${file} is there, and no report of traffic has been kept in it.`;
}
