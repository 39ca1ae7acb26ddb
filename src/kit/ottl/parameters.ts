import type { ArgumentNode, CallNode, ValueNode } from "./ast.ts";
import { type Compiled, type Reach, type Target, widest } from "./compiled.ts";
import { EvaluationError, OttlError } from "./errors.ts";
import { compileGlob, compilePattern, type Pattern } from "./pattern.ts";
import { textOf } from "./text-of.ts";
import { isInt, isMap, type StaticType, typeName, type Value, type ValueMap } from "./value.ts";

/** What a parameter may ask of the compiler about its argument. */
export interface ArgumentCompiler {
  value(node: ValueNode): Compiled;
  target(node: ValueNode): Target;
  /** A converter of one text, named without being called. */
  textFunction(node: ValueNode): (text: string) => string;
}

/** One argument of a function: what may be written there, and what the function gets for it. */
export interface Parameter<T> {
  /** How the documentation and messages call what belongs here. */
  readonly takes: string;
  /** Given where nothing was written. */
  readonly otherwise?: T;
  compile(node: ValueNode, compiler: ArgumentCompiler): { readonly argument: T; readonly reach: Reach };
}

export type Parameters = Readonly<Record<string, Parameter<unknown>>>;

/** What a function with these parameters gets. */
export type Arguments<P extends Parameters> = {
  readonly [Name in keyof P]: P[Name] extends Parameter<infer T> ? T : never;
};

/** Gives each parameter its argument: in order, then by name. Names what is missing, too much or unknown. */
export function bindArguments(
  call: CallNode,
  parameters: Parameters,
  compiler: ArgumentCompiler,
): { readonly arguments: Readonly<Record<string, unknown>>; readonly reach: Reach } {
  const signature = signatureOf(call.name, parameters);
  const written = writtenArguments(call, parameters, signature);
  const reaches: Reach[] = [];
  const bound = Object.entries(parameters).map(([name, parameter]) => {
    const node = written.get(name);
    if (node === undefined) {
      if ("otherwise" in parameter) return [name, parameter.otherwise];
      throw new OttlError(`${call.name} lacks its argument ${name}`, { offset: call.offset, expected: signature });
    }
    const { argument, reach } = parameter.compile(node.value, compiler);
    reaches.push(reach);
    return [name, argument];
  });
  return { arguments: Object.fromEntries(bound), reach: widest(...reaches) };
}

function writtenArguments(call: CallNode, parameters: Parameters, expected: string): ReadonlyMap<string, ArgumentNode> {
  const names = Object.keys(parameters);
  const written = new Map<string, ArgumentNode>();
  let named = false;
  for (const [index, argument] of call.arguments.entries()) {
    const { offset } = argument;
    if (argument.name === undefined && named) {
      throw new OttlError("arguments with a name come last", { offset, expected });
    }
    named ||= argument.name !== undefined;
    const name = argument.name ?? names[index];
    if (name === undefined) throw new OttlError(`${call.name} takes fewer arguments`, { offset, expected });
    if (!names.includes(name)) throw new OttlError(`${call.name} has no argument ${name}`, { offset, expected });
    if (written.has(name)) throw new OttlError(`${name} is given twice`, { offset, expected });
    written.set(name, argument);
  }
  return written;
}

/** `Trim(target, [replacement])`. */
export function signatureOf(name: string, parameters: Parameters): string {
  const shown = Object.entries(parameters).map(([parameter, kind]) =>
    "otherwise" in kind ? `[${parameter}]` : parameter,
  );
  return `${name}(${shown.join(", ")})`;
}

/** The same parameter, which may be left out. */
export const optional = <T>(parameter: Parameter<T>, otherwise: T): Parameter<T> => ({ ...parameter, otherwise });

/** Anything; with what is known of its type. */
export const value = (): Parameter<Compiled> => ({
  takes: "a value",
  compile: (node, compiler) => {
    const compiled = compiler.value(node);
    return { argument: compiled, reach: compiled.reach };
  },
});

/** A text; anything else, nil too, fails. */
export const text = (): Parameter<(subject: unknown) => string> =>
  checked("a text", ["string"], (found) => {
    if (typeof found === "string") return found;
    throw mismatch(found, "a text");
  });

/** A text, or whatever has one; nil stays nil. */
export const textLike = (): Parameter<(subject: unknown) => string | undefined> => ({
  takes: "a value with a text",
  compile: (node, compiler) => {
    const { get, reach } = compiler.value(node);
    return { argument: (subject) => textOf(get(subject)), reach };
  },
});

export const wholeNumber = (): Parameter<(subject: unknown) => number> =>
  checked("a whole number", ["int"], (found, type) => {
    if (isInt(found, type)) return Number(found);
    throw mismatch(found, "a whole number");
  });

export const map = (): Parameter<(subject: unknown) => ValueMap> => checked("a map", ["map"], asMap);

/** A list as it is written: `["a", attributes["b"]]`. */
export const textLikeList = (): Parameter<readonly ((subject: unknown) => string | undefined)[]> => ({
  takes: "a list in brackets",
  compile: (node, compiler) => {
    if (node.kind !== "list") throw new OttlError("this is no list", { offset: node.offset, expected: "[...]" });
    const items = node.items.map((item) => textLike().compile(item, compiler));
    return { argument: items.map(({ argument }) => argument), reach: widest(...items.map(({ reach }) => reach)) };
  },
});

/** Texts that are known before anything runs. */
export const fixedTexts = (): Parameter<readonly string[]> => ({
  takes: "a list of texts in quotes",
  compile: (node) => {
    if (node.kind !== "list") throw new OttlError("this is no list", { offset: node.offset, expected: '["a", "b"]' });
    return { argument: node.items.map(fixedTextOf), reach: "constant" };
  },
});

export const fixedWholeNumber = (): Parameter<number> => ({
  takes: "a whole number of at least 0",
  compile: (node) => {
    if (node.kind === "int" && node.value >= 0n) return { argument: Number(node.value), reach: "constant" };
    throw new OttlError("this is no fixed number", { offset: node.offset, expected: "a whole number of at least 0" });
  },
});

export const fixedNumber = (): Parameter<number> => ({
  takes: "a number",
  compile: (node) => {
    const [sign, number] = node.kind === "negation" ? [-1, node.operand] : [1, node];
    if (number.kind === "int" || number.kind === "double") {
      return { argument: sign * Number(number.value), reach: "constant" };
    }
    throw new OttlError("this is no fixed number", { offset: node.offset, expected: "a number" });
  },
});

export const fixedBoolean = (): Parameter<boolean> => ({
  takes: "true or false",
  compile: (node) => {
    if (node.kind === "boolean") return { argument: node.value, reach: "constant" };
    throw new OttlError("this is neither true nor false", { offset: node.offset, expected: "true or false" });
  },
});

export const fixedText = (): Parameter<string> => ({
  takes: "a text in quotes",
  compile: (node) => ({ argument: fixedTextOf(node), reach: "constant" }),
});

export const oneOf = <Choice extends string>(...choices: readonly Choice[]): Parameter<Choice> => ({
  takes: choices.map((choice) => JSON.stringify(choice)).join(" or "),
  compile: (node) => {
    const found = choices.find((choice) => node.kind === "string" && node.value === choice);
    if (found !== undefined) return { argument: found, reach: "constant" };
    throw new OttlError("this is no choice here", { offset: node.offset, expected: choices.join(", ") });
  },
});

export const pattern = (): Parameter<Pattern> => ({
  takes: "a pattern in quotes",
  compile: (node) => ({ argument: compilePattern(fixedTextOf(node), node.offset), reach: "constant" }),
});

export const glob = (): Parameter<Pattern> => ({
  takes: "a glob in quotes",
  compile: (node) => ({ argument: compileGlob(fixedTextOf(node), node.offset), reach: "constant" }),
});

/** `%s` once, and the text around it. */
export const format = (): Parameter<(inner: string) => string> => ({
  takes: "a text in quotes with one %s",
  compile: (node) => {
    const parts = fixedTextOf(node).split("%s");
    const [before, after] = parts as [string, string];
    if (parts.length !== 2 || parts.some((part) => part.includes("%"))) {
      throw new OttlError("this is no format", { offset: node.offset, expected: "%s once, and no other %" });
    }
    return { argument: (inner) => before + inner + after, reach: "constant" };
  },
});

/** A converter's name, for what it makes of each text. */
export const textFunction = (): Parameter<(found: string) => string> => ({
  takes: "the name of a converter of one text",
  compile: (node, compiler) => ({ argument: compiler.textFunction(node), reach: "constant" }),
});

/** A path that can be written to. */
export const target = (): Parameter<Target> => ({
  takes: "a path",
  compile: (node, compiler) => {
    const found = compiler.target(node);
    return { argument: found, reach: found.reach };
  },
});

export interface MapTarget {
  readonly get: (subject: unknown) => ValueMap;
  readonly set: (subject: unknown, value: ValueMap) => unknown;
}

/** A path to a map that can be written to. */
export const mapTarget = (): Parameter<MapTarget> => ({
  takes: "a path to a map",
  compile: (node, compiler) => {
    const { get, set, reach, type } = compiler.target(node);
    expectType(node, type, "a map", ["map"]);
    return { argument: { get: (subject) => asMap(get(subject)), set }, reach };
  },
});

function checked<T>(
  takes: string,
  types: readonly StaticType[],
  read: (found: Value, type: StaticType) => T,
): Parameter<(subject: unknown) => T> {
  return {
    takes,
    compile: (node, compiler) => {
      const { get, reach, type } = compiler.value(node);
      expectType(node, type, takes, types);
      return { argument: (subject) => read(get(subject), type), reach };
    },
  };
}

/** What can never be right is said before anything runs. */
function expectType(node: ValueNode, type: StaticType, takes: string, types: readonly StaticType[]): void {
  if (type === "any" || types.includes(type)) return;
  throw new OttlError(`this gives ${STATIC_NAMES[type]}`, { offset: node.offset, expected: takes });
}

const STATIC_NAMES: Readonly<Record<StaticType, string>> = {
  any: "anything",
  nil: "nil",
  boolean: "a boolean",
  int: "a whole number",
  double: "a number with a fraction",
  string: "a text",
  bytes: "bytes",
  list: "a list",
  map: "a map",
};

function fixedTextOf(node: ValueNode): string {
  if (node.kind === "string") return node.value;
  throw new OttlError("this is no fixed text", { offset: node.offset, expected: "a text in double quotes" });
}

function asMap(found: Value): ValueMap {
  if (isMap(found)) return found;
  throw mismatch(found, "a map");
}

const mismatch = (found: Value, expected: string): EvaluationError =>
  new EvaluationError(`${typeName(found)} stands where ${expected} belongs`);
