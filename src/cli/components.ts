import { allDefinitions } from "../component/registry.ts";
import { signalsText } from "../config/component-text.ts";
import type { CliContext } from "./context.ts";
import { EXIT } from "./exit-codes.ts";
import { textTable } from "./text-table.ts";

/** `gostcol components`: what this program is made of, as a table or as JSON. */
export async function componentsCommand(context: CliContext, options: { readonly json?: boolean }): Promise<number> {
  const definitions = await allDefinitions(context.registry);
  if (options.json) {
    const list = definitions.map((definition) => ({
      kind: definition.kind,
      type: definition.type,
      aliases: definition.aliases ?? [],
      summary: definition.summary,
      ...(definition.kind === "connector"
        ? { routes: definition.routes }
        : definition.kind === "extension"
          ? { stability: definition.stability }
          : { signals: definition.signals }),
    }));
    context.print(`${JSON.stringify(list, null, 2)}\n`);
  } else {
    const rows = definitions.map((definition) => [
      definition.kind,
      definition.type,
      signalsText(definition),
      definition.summary,
    ]);
    context.print(`${textTable([["KIND", "TYPE", "SIGNALS", "WHAT IT DOES"], ...rows])}\n`);
  }
  return EXIT.ok;
}
