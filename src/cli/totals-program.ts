import { type Command, Option } from "commander";
import type { CliContext } from "./context.ts";
import { collect, examples, storeOptions, withStoreOptions } from "./program-options.ts";
import type { TotalsOptions } from "./totals.ts";

/** `gostcol totals` with what it takes. */
export function addTotalsCommand(program: Command, context: CliContext, finish: (exitCode: number) => void): void {
  withStoreOptions(program.command("totals"))
    .description("show what has been counted, while the agent runs or when it does not")
    .option("--node <name>", "of this node only; may be given several times, as the next two", collect)
    .option("--service <name>", "of this service only", collect)
    .option("--client <name>", "of this client only", collect)
    .option("--all", "connections and errors as well as bytes")
    .addOption(new Option("--format <format>", "how").choices(["table", "csv", "json"]).default("table"))
    .addHelpText("after", TOTALS_HELP)
    .action(async (options: Partial<TotalsOptions> & Pick<TotalsOptions, "format">) => {
      const { totalsCommand } = await import("./totals.ts");
      const { node = [], service = [], client = [], format, all = false } = options;
      finish(await totalsCommand(context, { ...storeOptions(options), node, service, client, format, all }));
    });
}

const TOTALS_HELP = `
receive is what came from clients, transmit what was sent to them. UNCERTAIN says by how much a total may be too low;
docs/counting.md says when. Times are UTC. A table is for reading; csv and json have exact numbers, and names in json are
exact too (in csv, a leading ' keeps a name from being run as a formula, and control characters are written as \\x1b).
${examples([
  "gostcol totals",
  "gostcol totals --config /etc/gostcol/gostcol.yaml --client alice",
  "gostcol totals --folder /var/lib/gostcol --format csv > totals.csv",
  "gostcol totals --format json --all",
])}`;
