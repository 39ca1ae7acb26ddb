import { fileSchema } from "../config/file-schema.ts";
import type { CliContext } from "./context.ts";
import { EXIT } from "./exit-codes.ts";

/** `gostcol schema`: the JSON Schema of a configuration file, for editors. */
export function schemaCommand(context: CliContext): number {
  context.print(`${JSON.stringify(fileSchema(context.registry), null, 2)}\n`);
  return EXIT.ok;
}
