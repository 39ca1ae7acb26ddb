import type { Command } from "commander";
import type { CliContext } from "./context.ts";
import { examples, storeOptions, withStoreOptions } from "./program-options.ts";
import type { StoreOptions } from "./with-store.ts";

/** `gostcol storage` with what it takes. */
export function addStorageCommand(program: Command, context: CliContext, finish: (exitCode: number) => void): void {
  const storage = program.command("storage").description("look after the store that totals are kept in");

  withStoreOptions(storage.command("check"))
    .description("say what is in the store, whose it is, and whether it is whole")
    .addHelpText("after", CHECK_HELP)
    .action(async (options: Partial<StoreOptions>) => {
      const { checkCommand } = await import("./storage/check.ts");
      finish(await checkCommand(context, storeOptions(options)));
    });

  withStoreOptions(storage.command("move"))
    .description("have one component go on with what another has kept, while no agent runs")
    .argument("<from>", "whose state it is, as gostcol storage check names it")
    .argument("<to>", "who is to go on with it")
    .option("--replace", "set aside what the other has kept of its own")
    .addHelpText("after", MOVE_HELP)
    .action(async (from: string, to: string, options: Partial<StoreOptions> & { replace?: boolean }) => {
      const { moveCommand } = await import("./storage/move.ts");
      finish(await moveCommand(context, { ...storeOptions(options), from, to, replace: options.replace === true }));
    });
}

const CHECK_HELP = `
It reads everything and changes nothing, and does so beside a running agent too. Exit codes: 0 it is whole, 1 it is not.
${examples(["gostcol storage check", "gostcol storage check --folder /var/lib/gostcol"])}`;

const MOVE_HELP = `
A processor that was renamed, or that entered a second pipeline, goes on with its totals by itself; where several could be
meant it begins anew, and the log names this command. Nothing is deleted: what --replace sets aside stays in the store,
in the table set_aside.
${examples([
  "gostcol storage move processor:delta_to_cumulative processor:delta_to_cumulative/eu",
  "gostcol storage move --replace processor:dedupe processor:dedupe@metrics/edge",
])}`;
