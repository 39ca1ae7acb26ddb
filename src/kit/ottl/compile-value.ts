import { nearest } from "../../lib/nearest.ts";
import { calculate, negate, typeOfArithmetic } from "./arithmetic.ts";
import type { ArithmeticNode, CallNode, FieldNode, PathNode, ValueNode } from "./ast.ts";
import { type Compiled, type Getter, type Target, widest } from "./compiled.ts";
import type { Context, Path } from "./contexts/context.ts";
import { EvaluationError, OttlError } from "./errors.ts";
import type { Converter } from "./functions/function.ts";
import { CONVERTERS_BY_NAME } from "./functions/functions.ts";
import { entryOf, withEntry } from "./keys.ts";
import { type ArgumentCompiler, bindArguments } from "./parameters.ts";
import { int, isMap, type Value } from "./value.ts";

/** Checks expressions against a context and turns them into functions, once; what is constant is worked out here. */
export class ValueCompiler implements ArgumentCompiler {
  readonly #context: Context<unknown>;

  constructor(context: Context<unknown>) {
    // Paths are read with subjects of their context alone; from here on nobody looks at what a subject is.
    this.#context = context;
  }

  value(node: ValueNode): Compiled {
    const compiled = this.#value(node);
    return compiled.reach === "constant" ? folded(compiled) : compiled;
  }

  #value(node: ValueNode): Compiled {
    switch (node.kind) {
      case "nil":
        return { type: "nil", reach: "constant", get: () => undefined };
      case "boolean":
      case "double":
      case "string":
      case "bytes":
        return { type: node.kind, reach: "constant", get: () => node.value };
      case "int": {
        const value = int(node.value);
        return { type: "int", reach: "constant", get: () => value };
      }
      case "name":
        return this.#enum(node);
      case "path":
        return this.#path(node);
      case "call":
        return this.#call(node);
      case "list": {
        const items = node.items.map((item) => this.value(item));
        const get: Getter = (subject) => items.map((item) => item.get(subject));
        return { type: "list", reach: widest(...items.map(({ reach }) => reach)), get };
      }
      case "map": {
        const entries = node.entries.map(({ key, value }) => [key, this.value(value)] as const);
        const get: Getter = (subject) => Object.fromEntries(entries.map(([key, entry]) => [key, entry.get(subject)]));
        return { type: "map", reach: widest(...entries.map(([, { reach }]) => reach)), get };
      }
      case "arithmetic":
        return this.#arithmetic(node);
      case "negation": {
        const { get, reach, type } = this.value(node.operand);
        return {
          type: type === "int" || type === "double" ? type : "any",
          reach,
          get: (subject) => negate(get(subject), type),
        };
      }
      default:
        return node satisfies never;
    }
  }

  target(node: ValueNode): Target {
    const { offset } = node;
    if (node.kind !== "path") throw new OttlError("this cannot be changed", { offset, expected: "a path" });
    const { path, keys } = this.#resolve(node);
    const { write } = path;
    if (write === undefined) throw new OttlError(`${nameOf(node.fields)} cannot be changed`, { offset });
    const compiled = this.#path(node);
    const set = (subject: unknown, value: Value): unknown => {
      const whole =
        keys.length === 0
          ? value
          : withEntry(
              path.read(subject),
              keys.map((key) => key.get(subject)),
              value,
            );
      // A number is always written: a point may turn from a whole number into an equal double.
      return typeof whole !== "number" && whole === path.read(subject) ? subject : write(subject, whole);
    };
    return { ...compiled, set };
  }

  textFunction(node: ValueNode): (text: string) => string {
    const { offset } = node;
    if (node.kind !== "name") throw new OttlError("this is no name", { offset, expected: "a converter's name" });
    const value: ValueNode = { kind: "path", offset, fields: [{ offset, name: "text", keys: [] }] };
    const call: CallNode = { kind: "call", offset, name: node.name, arguments: [{ offset, value }], keys: [] };
    const { get, type } = new ValueCompiler(OF_TEXT).value(call);
    if (type !== "string")
      throw new OttlError(`${node.name} makes no text`, { offset, expected: "SHA256, for example" });
    return (text) => get(text) as string;
  }

  #enum({ name, offset }: { readonly name: string; readonly offset: number }): Compiled {
    const { enums } = this.#context;
    const value = enums.get(name);
    if (value !== undefined) return { type: "int", reach: "constant", get: () => value };
    if (CONVERTERS_BY_NAME.has(name))
      throw new OttlError(`${name} has to be called`, { offset, expected: `${name}(...)` });
    throw new OttlError(`there is no ${name} in ${this.#context.name}`, {
      offset,
      nearest: nearest(name, enums.keys()),
    });
  }

  #path(node: PathNode): Compiled {
    const { path, keys } = this.#resolve(node);
    const { reach, type } = path;
    const read: Getter = (subject) => path.read(subject);
    if (keys.length === 0) return { type, reach, get: read };
    return { type: "any", reach: widest(reach, ...keys.map((key) => key.reach)), get: indexed(read, keys, true) };
  }

  /** The path in this context, and the keys behind its last field. */
  #resolve(node: PathNode): { readonly path: Path<unknown>; readonly keys: readonly Compiled[] } {
    const { fields } = node;
    const name = nameOf(fields);
    const path = this.#context.paths.get(name);
    if (path === undefined) throw this.#unknownPath(node);
    const keyed = fields.findIndex(({ keys }) => keys.length > 0);
    const last = fields.at(-1)!;
    if (keyed >= 0 && (keyed < fields.length - 1 || !path.indexable)) {
      throw new OttlError(`${nameOf(fields.slice(0, keyed + 1))} has no entries`, {
        offset: fields[keyed]!.keys[0]!.offset,
      });
    }
    return { path, keys: last.keys.map((key) => this.value(key)) };
  }

  #unknownPath({ fields, offset }: PathNode): OttlError {
    const { name: context, paths } = this.#context;
    const name = nameOf(fields);
    const suggestion = nearest(name, paths.keys());
    const within = [...paths.keys()].filter((path) => path.startsWith(`${name}.`));
    const expected =
      within.length > 0 ? within.join(", ") : suggestion === undefined ? `a path of ${context}` : undefined;
    return new OttlError(`${context} has no path ${name}`, { offset, nearest: suggestion, expected });
  }

  #call(node: CallNode): Compiled {
    const converter = converterNamed(node.name, node.offset);
    const { arguments: args, reach } = bindArguments(node, converter.parameters, this);
    const get = converter.make(args, node.offset);
    if (node.keys.length === 0) return { type: converter.returns, reach, get };
    if (converter.returns !== "list") {
      throw new OttlError(`${node.name} gives nothing that has entries`, { offset: node.keys[0]!.offset });
    }
    const keys = node.keys.map((key) => this.value(key));
    return { type: "any", reach: widest(reach, ...keys.map((key) => key.reach)), get: indexed(get, keys, false) };
  }

  #arithmetic({ operator, left, right }: ArithmeticNode): Compiled {
    const [first, second] = [this.value(left), this.value(right)];
    const types = { left: first.type, right: second.type };
    return {
      type: typeOfArithmetic(first.type, second.type),
      reach: widest(first.reach, second.reach),
      get: (subject) => calculate(operator, first.get(subject), second.get(subject), types),
    };
  }
}

/** Where a converter stands that is applied to a text: the text is the subject. */
const OF_TEXT: Context<unknown> = {
  name: "log",
  paths: new Map([["text", { type: "string", reach: "item", indexable: false, read: (subject) => subject as string }]]),
  enums: new Map(),
};

function converterNamed(name: string, offset: number): Converter {
  const converter = CONVERTERS_BY_NAME.get(name);
  if (converter !== undefined) return converter;
  throw new OttlError(`there is no converter ${name}`, { offset, nearest: nearest(name, CONVERTERS_BY_NAME.keys()) });
}

const nameOf = (fields: readonly FieldNode[]): string => fields.map(({ name }) => name).join(".");

/** Works a constant out once. One that fails keeps failing when it runs: nobody may ever get there. */
function folded(compiled: Compiled): Compiled {
  try {
    const value = compiled.get(undefined);
    return { ...compiled, get: () => value, ...(typeof value === "string" ? { literal: value } : {}) };
  } catch (failure) {
    if (failure instanceof EvaluationError) return compiled;
    throw failure;
  }
}

/** Follows keys into a value. Behind a path, what is in something missing is missing; what is in something empty fails. */
function indexed(get: Getter, keys: readonly Compiled[], lenient: boolean): Getter {
  const [first] = keys;
  if (lenient && keys.length === 1 && first!.literal !== undefined) return attribute(get, first!.literal);
  return (subject) => {
    let value = get(subject);
    for (const [index, key] of keys.entries()) {
      if (lenient && index > 0 && value === undefined) return undefined;
      value = entryOf(value, key.get(subject));
    }
    return value ?? undefined;
  };
}

/** The most usual of all: `attributes["key"]`. Only names that every object inherits have to be asked for with care. */
function attribute(get: Getter, name: string): Getter {
  if (name in {}) return (subject) => entryOf(get(subject), name) ?? undefined;
  return (subject) => {
    const container = get(subject);
    return isMap(container) ? (container[name] ?? undefined) : entryOf(container, name);
  };
}
