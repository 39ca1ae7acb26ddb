import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");

export interface SourceFile {
  /** Relative to the root of the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

const NOT_OURS = new Set(["node_modules", "dist", ".git", "data", "coverage", "fixtures"]);

/** Every file below a folder of the repository whose name ends with one of the endings. */
export function filesBelow(folder: string, ...endings: readonly string[]): SourceFile[] {
  const found: SourceFile[] = [];
  const visit = (directory: string) => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) {
        if (!NOT_OURS.has(entry.name)) visit(path);
      } else if (endings.some((ending) => entry.name.endsWith(ending))) {
        found.push({ path: relative(ROOT, path).replaceAll("\\", "/"), text: readFileSync(path, "utf8") });
      }
    }
  };
  visit(join(ROOT, folder));
  return found.sort((left, right) => left.path.localeCompare(right.path));
}

/** The program's own sources: no tests, and nothing that only tests use. */
export function programFiles(): SourceFile[] {
  return filesBelow("src", ".ts").filter(({ path }) => !path.endsWith(".test.ts"));
}

/** The relative imports of a source file (type imports and `import()` included), as paths from the root. */
export function relativeImports(file: SourceFile): string[] {
  const pattern = /(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+)"/g;
  return [...file.text.matchAll(pattern)].map((match) => join(file.path, "..", match[1]!).replaceAll("\\", "/"));
}

/** Source text without comments, so that a rule about code does not trip over prose. Keeps line numbers. */
export function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, " "))
    .replace(/(^|[^:"'`])\/\/[^\n]*/g, "$1");
}
