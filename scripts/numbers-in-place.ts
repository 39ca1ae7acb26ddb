import { readFile } from "node:fs/promises";
import { runInNewContext } from "node:vm";
import { type Plugin, transform } from "esbuild";

/**
 * For esbuild: puts numbers in the place of the constants that are named after them. In one file of modules that load when
 * they are needed, every such name is a variable to V8, which looks at it each time: the fingerprint of a report took three
 * times as long by it. esbuild itself does so only in modules that import nothing.
 */
export const numbersInPlace: Plugin = {
  name: "numbers-in-place",
  setup(build) {
    build.onLoad({ filter: /[\\/]src[\\/].*\.ts$/, namespace: "file" }, async ({ path }) => {
      const { text, numbers } = withoutNumbers(await readFile(path, "utf8"));
      const { code } = await transform(text, {
        loader: "ts",
        define: numbers,
        target: "esnext",
        sourcefile: path,
        tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
      });
      return { contents: code, loader: "js" };
    });
  },
};

/**
 * The text of a module without its constants that are numbers, or made of such by operators alone, and their values by
 * their names. Those that are exported still are, under their names.
 */
export function withoutNumbers(text: string): { readonly text: string; readonly numbers: Record<string, string> } {
  const numbers: Record<string, string> = {};
  const left = text.replace(CONSTANT, (line, exported: string, name: string, value: string) => {
    const names = value.replace(NUMBER, "").match(NAME) ?? [];
    if (names.some((used) => !Object.hasOwn(numbers, used))) return line;
    const number = String(runInNewContext(value.replace(NAME, (used) => `(${numbers[used] ?? used})`)));
    numbers[name] = number;
    return exported === "" ? "" : `const ${name}_EXPORTED = ${number};\nexport { ${name}_EXPORTED as ${name} };`;
  });
  return { text: left, numbers };
}

const CONSTANT = /^(export |)const ([A-Z][A-Z0-9_]*) = ([\w.+*/%|&^<>() -]+);$/gm;
const NUMBER = /\b\d[\w.]*/g;
const NAME = /\b[A-Za-z_]\w*/g;
