/** Writes every generated file of the repository anew: `npm run generate`. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { generatedFiles, root } from "./generated.ts";

for (const { path, text } of await generatedFiles()) {
  const file = join(root, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}
