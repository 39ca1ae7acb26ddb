import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { nearest } from "../lib/nearest.ts";
import { componentsCommand } from "./components.ts";
import type { CliContext } from "./context.ts";
import { EXIT } from "./exit-codes.ts";
import { explainCommand } from "./explain.ts";
import { type PrintConfigOptions, printConfigCommand } from "./print-config.ts";
import { configOptions, examples, withConfigOptions } from "./program-options.ts";
import type { ConfigOptions } from "./resolve-config.ts";
import { schemaCommand } from "./schema.ts";
import { addStorageCommand } from "./storage-program.ts";
import { addTotalsCommand } from "./totals-program.ts";
import { validateCommand } from "./validate.ts";

/** Runs the command that the arguments name (without the program's own name) and gives the process's exit code. */
export async function runProgram(context: CliContext, args: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  const finish = (code: number) => {
    exitCode = code;
  };
  const program = createProgram(context, finish);
  const unknown = unknownCommand(program, args);
  if (unknown !== undefined) {
    context.printError(unknown);
    return EXIT.usage;
  }
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    // Help that was asked for is a success; everything else is a command line that cannot be understood.
    return thrown.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
}

function createProgram(context: CliContext, finish: (exitCode: number) => void): Command {
  const program = new Command("gostcol")
    .description("The telemetry collector for GOST: exact totals from GOST's observers, in Collector-style pipelines.")
    .version(`gostcol ${context.version}`)
    .exitOverride()
    .enablePositionalOptions() // What stands behind a subcommand is its own, also where its parent has such an option.
    .showHelpAfterError("(gostcol --help shows what there is)")
    .configureOutput({ writeOut: context.print, writeErr: context.printError })
    .addHelpText("after", GENERAL_HELP);

  withConfigOptions(program.command("run", { isDefault: true }))
    .description("run the agent (what gostcol does without a command)")
    .option("--watch", "reload when a file that the configuration is read from has changed")
    .addHelpText("after", RUN_HELP)
    .action(async (options: Partial<ConfigOptions> & { watch?: boolean }) => {
      const { runCommand } = await import("./run.ts");
      finish(await runCommand(context, { ...configOptions(options), watch: options.watch === true }));
    });

  program
    .command("demo")
    .description("run the agent beside a simulated GOST and show the totals grow")
    .option("--seconds <number>", "end after so many seconds", wholeSeconds)
    .addHelpText("after", examples(["gostcol demo", "gostcol demo --seconds 10"]))
    .action(async (options: { seconds?: number }) => {
      const { demoCommand } = await import("./demo.ts");
      finish(await demoCommand(context, options));
    });

  withConfigOptions(program.command("validate"))
    .description("check a configuration and show all its mistakes at once")
    .addHelpText(
      "after",
      examples(["gostcol validate --config gostcol.yaml", "gostcol validate -c base.yaml -c site.yaml"]),
    )
    .action(async (options: Partial<ConfigOptions>) => finish(await validateCommand(context, configOptions(options))));

  program
    .command("components")
    .description("list the components")
    .option("--json", "as JSON, for programs")
    .addHelpText("after", examples(["gostcol components", "gostcol components --json"]))
    .action(async (options: { json?: boolean }) => finish(await componentsCommand(context, options)));

  program
    .command("schema")
    .description("print the JSON Schema of a configuration file, for editors")
    .addHelpText("after", examples(["gostcol schema > gostcol.schema.json"]))
    .action(async () => finish(await schemaCommand(context)));

  program
    .command("explain")
    .description("say what a component or an option is for, what it takes and its default")
    .argument("<component or path>", "`gost`, `receivers.gost`, `receivers.gost.limits.series`, `service.telemetry`")
    .addHelpText("after", examples(["gostcol explain gost", "gostcol explain receivers.gost.limits.series"]))
    .action(async (target: string) => finish(await explainCommand(context, target)));

  withConfigOptions(program.command("print-config"))
    .description("print the configuration as it is after merging and substitution, secrets covered")
    .addOption(new Option("--format <format>", "how").choices(["yaml", "json"]).default("yaml"))
    .addHelpText("after", examples(["gostcol print-config", "gostcol print-config -c a.yaml -c b.yaml --format json"]))
    .action(async (options: Partial<ConfigOptions> & Pick<PrintConfigOptions, "format">) =>
      finish(await printConfigCommand(context, { ...configOptions(options), format: options.format })),
    );

  addTotalsCommand(program, context, finish);
  addStorageCommand(program, context, finish);

  program
    .command("version")
    .description("print the version")
    .action(() => context.print(`gostcol ${context.version}\n`));

  return program;
}

function wholeSeconds(text: string): number {
  const seconds = Number(text);
  if (Number.isInteger(seconds) && seconds > 0) return seconds;
  throw new InvalidArgumentError("A whole number above 0 is needed.");
}

/** `run` is the default, so commander would take a misspelt command for an argument of it. */
function unknownCommand(program: Command, [first]: readonly string[]): string | undefined {
  if (first === undefined || first.startsWith("-")) return undefined;
  const names = [...program.commands.map((command) => command.name()), "help"];
  if (names.includes(first)) return undefined;
  const suggestion = nearest(first, names);
  return `There is no command "${first}".${suggestion ? ` Did you mean "${suggestion}"?` : ""} gostcol --help lists them.\n`;
}

const GENERAL_HELP = `
Without --config it takes ./gostcol.yaml, and where that is not there its default configuration.

Examples:
  gostcol                                   run with the default configuration
  gostcol --config gostcol.yaml             run
  gostcol validate --config gostcol.yaml    check, without running
  gostcol explain gost                      what the receiver for GOST can do
  gostcol totals                            what has been counted
  gostcol demo                              see it work, without a GOST

Exit codes: 0 done, 1 failed while running, 2 the configuration or the command line is wrong.`;

const RUN_HELP = `
Examples:
  gostcol run
  gostcol run --config gostcol.yaml --set service.telemetry.logs.level=debug
  gostcol run -c base.yaml -c env:SITE_CONFIG -c "yaml:exporters::debug::verbosity: detailed"

SIGHUP reloads the configuration: what did not change goes on untouched, and with a mistake in it everything does.
SIGTERM and SIGINT end it in an orderly way: what is under way is finished first.`;
