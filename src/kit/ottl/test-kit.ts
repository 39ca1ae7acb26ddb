import fc from "fast-check";
import type { ArgumentNode, ConditionNode, FieldNode, ValueNode } from "./ast.ts";

/** Trees for properties. Their offsets are all 0: compare them with `withoutOffsets` of what was read. */
const offset = 0;

/** What random conditions are made of, besides literals and operators. */
export interface Vocabulary {
  readonly paths: fc.Arbitrary<ValueNode>;
  /** Calls around a value, each giving what its own may be used for. */
  readonly calls: (value: fc.Arbitrary<ValueNode>) => fc.Arbitrary<Extract<ValueNode, { kind: "call" }>>;
  readonly questions: (value: fc.Arbitrary<ValueNode>) => fc.Arbitrary<Extract<ValueNode, { kind: "call" }>>;
  /** What may stand in a calculation. */
  readonly numbers: fc.Arbitrary<ValueNode>;
  readonly texts: fc.Arbitrary<string>;
}

export const textNode = (value: string): ValueNode => ({ kind: "string", offset, value });
export const pathNode = (...fields: readonly FieldNode[]): ValueNode => ({ kind: "path", offset, fields });
export const field = (name: string, ...keys: readonly ValueNode[]): FieldNode => ({ offset, name, keys });
export const argument = (value: ValueNode, name?: string): ArgumentNode =>
  name === undefined ? { offset, value } : { offset, name, value };
export const callNode = (name: string, ...values: readonly ValueNode[]) => ({
  kind: "call" as const,
  offset,
  name,
  arguments: values.map((value) => argument(value)),
  keys: [] as readonly ValueNode[],
});

const INT_MAX = 2n ** 63n - 1n;

const int = fc
  .oneof(fc.bigInt(-9n, 9n), fc.bigInt(-INT_MAX, INT_MAX))
  .map((value): ValueNode => ({ kind: "int", offset, value }));
const double = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .map((value): ValueNode => ({ kind: "double", offset, value }));

/** Conditions with a few levels of everything that the grammar has. */
export function conditions({ paths, calls, questions, numbers, texts }: Vocabulary): fc.Arbitrary<ConditionNode> {
  const literal: fc.Arbitrary<ValueNode> = fc.oneof(
    texts.map(textNode),
    int,
    double,
    fc.boolean().map((value): ValueNode => ({ kind: "boolean", offset, value })),
    fc.constant<ValueNode>({ kind: "nil", offset }),
    fc.uint8Array({ minLength: 1, maxLength: 4 }).map((value): ValueNode => ({ kind: "bytes", offset, value })),
    fc
      .array(fc.oneof(texts.map(textNode), int), { maxLength: 3 })
      .map((items): ValueNode => ({ kind: "list", offset, items })),
    fc
      .uniqueArray(fc.tuple(texts, fc.oneof(texts.map(textNode), int)), { maxLength: 2, selector: ([key]) => key })
      .map((entries): ValueNode => ({ kind: "map", offset, entries: entries.map(([key, value]) => ({ key, value })) })),
  );
  const { value } = fc.letrec<{ value: ValueNode; number: ValueNode }>((tie) => ({
    value: fc.oneof({ depthSize: "small" }, paths, literal, calls(tie("value")), tie("number")),
    number: fc.oneof(
      { depthSize: "small" },
      int,
      double,
      numbers,
      fc
        .record({ operator: fc.constantFrom("+", "-", "*", "/"), left: tie("number"), right: tie("number") })
        .map((parts): ValueNode => ({ kind: "arithmetic", offset, ...parts })),
      tie("number").map((operand): ValueNode => ({ kind: "negation", offset, operand })),
    ),
  }));
  return fc.letrec<{ condition: ConditionNode }>((tie) => ({
    condition: fc.oneof(
      { depthSize: "small" },
      fc
        .record({ operator: fc.constantFrom("==", "!=", "<", "<=", ">", ">="), left: value, right: value })
        .map((parts): ConditionNode => ({ kind: "comparison", offset, ...parts })),
      fc.boolean().map((answer): ConditionNode => ({ kind: "boolean", offset, value: answer })),
      questions(value),
      tie("condition").map((operand): ConditionNode => ({ kind: "not", offset, operand })),
      fc
        .record({
          kind: fc.constantFrom("and", "or"),
          operands: fc.array(tie("condition"), { minLength: 2, maxLength: 3 }),
        })
        .map((parts): ConditionNode => ({ offset, ...parts })),
    ),
  })).condition;
}

/** Any names at all: for reading and printing. */
export const ANY_NAMES: Vocabulary = {
  paths: fc
    .array(
      fc
        .tuple(
          fc.stringMatching(/^[a-z][a-z0-9_]{0,5}$/),
          fc.array(fc.oneof(fc.string().map(textNode), int), { maxLength: 2 }),
        )
        .filter(([name]) => !["and", "or", "not", "nil", "true", "false", "where"].includes(name))
        .map(([name, keys]) => field(name, ...keys)),
      { minLength: 1, maxLength: 3 },
    )
    .map((fields) => pathNode(...fields)),
  calls: anyCall,
  questions: anyCall,
  numbers: fc.constant(pathNode(field("count"))),
  texts: fc.string({ unit: "grapheme" }),
};

function anyCall(value: fc.Arbitrary<ValueNode>) {
  const args = fc.tuple(fc.array(value, { maxLength: 2 }), fc.option(value, { nil: undefined }));
  return fc
    .tuple(fc.stringMatching(/^[A-Z][A-Za-z0-9_]{0,5}$/), args, fc.array(int, { maxLength: 2 }))
    .map(([name, [plain, named], keys]) => ({
      ...callNode(name),
      arguments: [...plain.map((each) => argument(each)), ...(named === undefined ? [] : [argument(named, "named")])],
      keys,
    }));
}

/** A tree as if it stood at the start of its text. */
export function withoutOffsets<T>(node: T): T {
  if (typeof node !== "object" || node === null || node instanceof Uint8Array) return node;
  if (Array.isArray(node)) return node.map(withoutOffsets) as T;
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, key === "offset" ? offset : withoutOffsets(value)]),
  ) as T;
}

const questionNames = ["IsString", "IsBool", "IsInt", "IsDouble", "IsMap", "IsList"];
const patterns = fc.constantFrom("^a", "[0-9]+", "", "h.llo$", "(?i)A|b");
const textsToAsk = fc.constantFrom("", "a", "A,b", "é", "h1", "héllo", "12", "-3", "  x ", "\u{e000}", "😀");
const attribute = (name: string) => pathNode(field("attributes", textNode(name)));

/** Names that the contexts of logs and data points know, and functions with arguments that are sometimes right. */
export const ASKABLE: Vocabulary = {
  paths: fc.oneof(
    fc
      .constantFrom("str", "int", "half", "yes", "list", "missing", "client", "map", "empty", "num", "big")
      .map(attribute),
    fc
      .constantFrom("host.name", "zone")
      .map((name) => pathNode(field("resource"), field("attributes", textNode(name)))),
    fc.constantFrom("name", "version").map((name) => pathNode(field("scope"), field(name))),
  ),
  calls: (value) =>
    fc.oneof(
      value.map((each) => callNode("String", each)),
      value.map((each) => callNode("Int", each)),
      value.map((each) => callNode("Len", each)),
      value.map((each) => callNode("ToUpperCase", each)),
      value.map((each) => callNode("Trim", each)),
      fc.tuple(value, textsToAsk).map(([each, by]) => ({
        ...callNode("Split", each, textNode(by)),
        keys: [{ kind: "int" as const, offset, value: 0n }],
      })),
      fc.tuple(fc.array(value, { maxLength: 3 }), textsToAsk).map(([items, by]) => {
        return callNode("Concat", { kind: "list", offset, items }, textNode(by));
      }),
    ),
  questions: (value) =>
    fc.oneof(
      fc.tuple(fc.constantFrom(...questionNames), value).map(([name, each]) => callNode(name, each)),
      fc.tuple(value, patterns).map(([each, by]) => callNode("IsMatch", each, textNode(by))),
      fc.tuple(value, textsToAsk).map(([each, by]) => callNode("HasPrefix", each, textNode(by))),
    ),
  numbers: fc.constantFrom("int", "missing", "big").map(attribute),
  texts: textsToAsk,
};
