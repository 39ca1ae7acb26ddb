import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { allDefinitions } from "../src/component/registry.ts";
import { fileSchema } from "../src/config/file-schema.ts";
import { registry } from "../src/registry.ts";
import { componentsPage } from "./components-page.ts";

export const root = join(import.meta.dirname, "..");

export interface GeneratedFile {
  /** From the repository's root. */
  readonly path: string;
  readonly text: string;
}

/** Every file of the repository that is made from others; the same sources give the same bytes. */
export async function generatedFiles(): Promise<readonly GeneratedFile[]> {
  const definitions = await allDefinitions(registry);
  return [
    { path: "config/schema.json", text: `${JSON.stringify(fileSchema(definitions), null, 2)}\n` },
    { path: "docs/components.md", text: componentsPage(definitions) },
    {
      path: "src/config/default-config.ts",
      text: defaultConfigModule(await readFile(join(root, "config/gostcol.yaml"), "utf8")),
    },
  ];
}

/** The default configuration as a module, so that the program holds it without reading a file. */
function defaultConfigModule(yaml: string): string {
  // In the program there is no schema beside it.
  const text = yaml.replace(/^# yaml-language-server:.*\n(#\n)?/, "");
  const escaped = text.replaceAll("\\", "\\\\").replaceAll("`", "\\`").replaceAll("${", "\\${");
  return `/** What config/gostcol.yaml says. Generated from it by \`npm run generate\`: change it there. */\nexport const DEFAULT_CONFIG = \`${escaped}\`;\n`;
}
