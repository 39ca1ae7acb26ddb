import { allDefinitions } from "../component/registry.ts";
import { fileSchema } from "../config/file-schema.ts";
import type { CliContext } from "./context.ts";
import { EXIT } from "./exit-codes.ts";

/** `gostcol schema`: the JSON Schema of a configuration file, for editors. */
export async function schemaCommand(context: CliContext): Promise<number> {
  const schema = fileSchema(await allDefinitions(context.registry));
  context.print(`${JSON.stringify(schema, null, 2)}\n`);
  return EXIT.ok;
}
