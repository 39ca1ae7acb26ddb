import { type Command, InvalidArgumentError, Option } from "commander";
import { parseByteSize } from "../lib/byte-size.ts";
import type { CliContext } from "./context.ts";
import { collect, examples, storeOptions, withStoreOptions } from "./program-options.ts";
import type { AdjustOptions } from "./totals/adjust.ts";
import type { AdjustmentsOptions } from "./totals/adjustments.ts";
import type { TotalsOptions } from "./totals.ts";

/** `gostcol totals` with what it takes. */
export function addTotalsCommand(program: Command, context: CliContext, finish: (exitCode: number) => void): void {
  const totals = program.command("totals").enablePositionalOptions();
  withFilterOptions(withStoreOptions(totals))
    .description("show what has been counted, while the agent runs or when it does not")
    .option("--all", "connections and errors as well as bytes")
    .addHelpText("after", TOTALS_HELP)
    .action(async (options: Partial<TotalsOptions> & Pick<TotalsOptions, "format">) => {
      const { totalsCommand } = await import("./totals.ts");
      finish(await totalsCommand(context, { ...filterOptions(options), all: options.all === true }));
    });

  withStoreOptions(totals.command("adjust"))
    .description("correct what is billed of one total, with a reason; what was counted stays as it is")
    .requiredOption("--service <name>", "of this service")
    .option("--client <name>", "of this client; without it the total of the whole service is meant")
    .option("--node <name>", "of this node; needed where several have such a total")
    .option("--state <name>", "of this processor's state; needed where several have such a total")
    .addOption(
      new Option("--direction <direction>", "which way").choices(["receive", "transmit"]).makeOptionMandatory(),
    )
    .requiredOption(
      "--by <bytes>",
      "how much more, or with a minus less, is to be billed: 1048576, -1.5GiB",
      signedBytes,
    )
    .requiredOption("--reason <text>", "why, for whoever asks later")
    .addHelpText("after", ADJUST_HELP)
    .action(async (options: AdjustOptions, command: Command) => {
      refuseOptionsBefore(command);
      const { adjustCommand } = await import("./totals/adjust.ts");
      finish(await adjustCommand(context, { ...options, ...storeOptions(options) }));
    });

  withFilterOptions(withStoreOptions(totals.command("adjustments")))
    .description("list all corrections with their reasons")
    .addHelpText(
      "after",
      examples(["gostcol totals adjustments", "gostcol totals adjustments --client alice --format json"]),
    )
    .action(async (options: Partial<AdjustmentsOptions> & Pick<AdjustmentsOptions, "format">, command: Command) => {
      refuseOptionsBefore(command);
      const { adjustmentsCommand } = await import("./totals/adjustments.ts");
      finish(await adjustmentsCommand(context, filterOptions(options)));
    });
}

function withFilterOptions(command: Command): Command {
  return command
    .option("--node <name>", "of this node only; may be given several times, as the next two", collect)
    .option("--service <name>", "of this service only", collect)
    .option("--client <name>", "of this client only", collect)
    .addOption(new Option("--format <format>", "how").choices(["table", "csv", "json"]).default("table"));
}

function filterOptions(options: Partial<AdjustmentsOptions> & Pick<AdjustmentsOptions, "format">): AdjustmentsOptions {
  const { node = [], service = [], client = [], format } = options;
  return { ...storeOptions(options), node, service, client, format };
}

/** `totals --folder x adjust` would be understood as options of `totals`, and have another store corrected. */
function refuseOptionsBefore(command: Command): void {
  const { parent } = command;
  const given = parent!.options.find((option) => parent!.getOptionValueSource(option.attributeName()) === "cli");
  if (given !== undefined) command.error(`error: ${given.long} has to stand behind "${command.name()}"`);
}

function signedBytes(text: string): number {
  const [, sign, size] = /^([+-]?)(.*)$/s.exec(text)!;
  const bytes = parseByteSize(size!);
  if (bytes === undefined || bytes === 0) {
    throw new InvalidArgumentError("A number of bytes other than 0 is needed, such as 1048576, 20MiB or -1.5GiB.");
  }
  return sign === "-" ? -bytes : bytes;
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

const ADJUST_HELP = `
A correction is an entry of its own beside the total, and is never changed: another one takes it back. It shows in gostcol
totals (CORRECTION, TO BILL) and as the metric gost.client.io.adjustment or gost.service.io.adjustment. It goes through
the agent where one runs, and into the store where none does.
${examples([
  'gostcol totals adjust --service web --client alice --direction transmit --by -5GiB --reason "ticket 4711"',
  'gostcol totals adjust --node edge-1 --service web --direction receive --by 1048576 --reason "counted by hand"',
])}`;
