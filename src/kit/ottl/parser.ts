import type {
  ArgumentNode,
  ArithmeticOperator,
  CallNode,
  ComparisonOperator,
  ConditionNode,
  FieldNode,
  ListNode,
  MapNode,
  PathNode,
  StatementNode,
  ValueNode,
} from "./ast.ts";
import { OttlError } from "./errors.ts";
import { NESTING_MAX } from "./limits.ts";
import { type Token, tokensOf } from "./tokens.ts";

/** Reads a condition: `metric.name == "up" and not IsMatch(resource.attributes["host.name"], "^test")`. */
export function parseCondition(text: string): ConditionNode {
  return new Parser(text).wholeCondition();
}

/** Reads a statement: `set(span.name, "x") where span.kind == SPAN_KIND_SERVER`. */
export function parseStatement(text: string): StatementNode {
  return new Parser(text).wholeStatement();
}

type Node = ConditionNode | ValueNode;

const COMPARISONS: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">="]);
const COMPARISON_EXPECTED = "a comparison (==, !=, <, <=, >, >=)";
const RESERVED: ReadonlySet<string> = new Set(["and", "or", "not", "where", "true", "false", "nil"]);
const CALCULABLE: ReadonlySet<Node["kind"]> = new Set(["int", "double", "path", "call", "arithmetic", "negation"]);

/**
 * Recursive descent in one pass. A parenthesis may hold a condition or a value; which it was is known when it has been
 * read, so nothing is read twice, however deep it goes.
 */
class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  wholeCondition(): ConditionNode {
    const condition = this.#condition();
    if (this.#here.kind !== "end") throw this.#unexpected("and, or, or the end");
    return condition;
  }

  wholeStatement(): StatementNode {
    const { offset, kind, text } = this.#here;
    if (kind !== "word" || RESERVED.has(text)) throw this.#unexpected("an editor, for example set(...)");
    const name = this.#next();
    if (this.#here.text !== "(") throw this.#unexpected('"("');
    const editor = this.#call(name);
    if (/^[A-Z]/.test(editor.name)) {
      throw new OttlError(`${editor.name} makes a value`, { offset, expected: "an editor, such as set(...)" });
    }
    if (editor.keys.length > 0) throw new OttlError("an editor gives nothing", { offset: editor.keys[0]!.offset });
    const where = this.#takeWord("where") ? this.#condition() : undefined;
    if (this.#here.kind !== "end") throw this.#unexpected(where === undefined ? "where, or the end" : "the end");
    return { offset, editor, ...(where === undefined ? {} : { where }) };
  }

  get #here(): Token {
    return this.#tokens[this.#at]!;
  }

  #next(): Token {
    return this.#tokens[this.#at++]!;
  }

  #takeWord(word: string): boolean {
    return this.#take("word", word);
  }

  #takeSymbol(symbol: string): boolean {
    return this.#take("symbol", symbol);
  }

  #take(kind: Token["kind"], text: string): boolean {
    const found = this.#here.kind === kind && this.#here.text === text;
    if (found) this.#at++;
    return found;
  }

  #close(symbol: string, orElse = ""): void {
    if (!this.#takeSymbol(symbol)) throw this.#unexpected(`${orElse}"${symbol}"`);
  }

  #unexpected(expected: string): OttlError {
    const { kind, offset, text } = this.#here;
    return new OttlError(kind === "end" ? "the end comes too early" : `${text} is not expected here`, {
      offset,
      expected,
    });
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > NESTING_MAX) {
      throw new OttlError(`nested more than ${NESTING_MAX} deep`, { offset: this.#here.offset });
    }
    const node = read();
    this.#depth--;
    return node;
  }

  #condition(): ConditionNode {
    return this.#asCondition(this.#expression());
  }

  /** A condition or a value: what stands between parentheses. */
  #expression(): Node {
    return this.#junction("or", () => this.#junction("and", () => this.#negatable()));
  }

  #junction(kind: "and" | "or", operand: () => Node): Node {
    const first = operand();
    if (!this.#isAtWord(kind)) return first;
    const operands = [this.#asCondition(first)];
    while (this.#takeWord(kind)) operands.push(this.#asCondition(operand()));
    return { kind, offset: first.offset, operands };
  }

  #isAtWord(word: string): boolean {
    return this.#here.kind === "word" && this.#here.text === word;
  }

  #negatable(): Node {
    const { offset } = this.#here;
    if (!this.#takeWord("not")) return this.#comparison();
    return { kind: "not", offset, operand: this.#asCondition(this.#comparison()) };
  }

  #comparison(): Node {
    const left = this.#sum();
    const { kind, text } = this.#here;
    if (kind !== "symbol" || !COMPARISONS.has(text)) return left;
    const value = this.#asValue(left);
    this.#next();
    const right = this.#value();
    return { kind: "comparison", offset: left.offset, operator: text as ComparisonOperator, left: value, right };
  }

  #value(): ValueNode {
    return this.#asValue(this.#sum());
  }

  #sum(): Node {
    return this.#calculation(["+", "-"], () => this.#calculation(["*", "/"], () => this.#signed()));
  }

  #calculation(operators: readonly ArithmeticOperator[], operand: () => Node): Node {
    let left = operand();
    for (;;) {
      const { kind, text } = this.#here;
      const operator = operators.find((candidate) => kind === "symbol" && candidate === text);
      if (operator === undefined) return left;
      const first = this.#calculable(left);
      this.#next();
      left = { kind: "arithmetic", offset: left.offset, operator, left: first, right: this.#calculable(operand()) };
    }
  }

  /** A sign belongs to the number behind it; before anything else it turns the value around when it is worked out. */
  #signed(): Node {
    const { offset, kind, text } = this.#here;
    if (kind !== "symbol" || (text !== "-" && text !== "+")) return this.#primary();
    this.#next();
    const number: Token = this.#tokens[this.#at]!;
    if (number.kind === "int" || number.kind === "double") {
      this.#next();
      if (number.kind === "double")
        return { kind: "double", offset, value: text === "-" ? -number.value : number.value };
      return { kind: "int", offset, value: text === "-" ? -number.value : number.value };
    }
    const operand = this.#calculable(this.#primary());
    return text === "-" ? { kind: "negation", offset, operand } : operand;
  }

  #primary(): Node {
    const token = this.#next();
    const { offset } = token;
    switch (token.kind) {
      case "int":
        return { kind: "int", offset, value: token.value };
      case "double":
        return { kind: "double", offset, value: token.value };
      case "string":
        return { kind: "string", offset, value: token.value };
      case "bytes":
        return { kind: "bytes", offset, value: token.value };
      case "word":
        return this.#word(token);
      case "symbol":
        if (token.text === "(") return this.#group();
        if (token.text === "[") return this.#list(offset);
        if (token.text === "{") return this.#map(offset);
        break;
      case "end":
        break;
      default:
        return token satisfies never;
    }
    this.#at--;
    throw this.#unexpected("a value");
  }

  #group(): Node {
    const node = this.#nested(() => this.#expression());
    this.#close(")");
    return node;
  }

  #word(token: Token): Node {
    const { offset, text } = token;
    if (text === "nil") return { kind: "nil", offset };
    if (text === "true" || text === "false") return { kind: "boolean", offset, value: text === "true" };
    if (RESERVED.has(text)) {
      this.#at--;
      throw this.#unexpected("a value");
    }
    if (this.#here.text === "(" && this.#here.kind === "symbol") {
      if (/^[a-z]/.test(text)) {
        throw new OttlError(`${text} is no converter: their names begin with an uppercase letter`, { offset });
      }
      return this.#call(token);
    }
    return /^[A-Z]/.test(text) ? { kind: "name", offset, name: text } : this.#path(token);
  }

  #call({ offset, text: name }: Token): CallNode {
    this.#next();
    const args = this.#items(")", () => this.#argument());
    return { kind: "call", offset, name, arguments: args, keys: this.#keys() };
  }

  #argument(): ArgumentNode {
    const { offset, kind, text } = this.#here;
    const equals = this.#tokens[this.#at + 1];
    if (kind !== "word" || equals?.kind !== "symbol" || equals.text !== "=") return { offset, value: this.#value() };
    this.#at += 2;
    return { offset, name: text, value: this.#value() };
  }

  #path(first: Token): PathNode {
    const fields = [this.#field(first)];
    while (this.#takeSymbol(".")) {
      if (this.#here.kind !== "word") throw this.#unexpected("a field's name");
      fields.push(this.#field(this.#next()));
    }
    return { kind: "path", offset: first.offset, fields };
  }

  #field({ offset, text: name }: Token): FieldNode {
    if (!/^[a-z][a-z0-9_]*$/.test(name)) {
      throw new OttlError(`${name} is no field: their names are in lowercase`, { offset, nearest: name.toLowerCase() });
    }
    return { offset, name, keys: this.#keys() };
  }

  #keys(): ValueNode[] {
    const keys: ValueNode[] = [];
    while (this.#takeSymbol("[")) {
      keys.push(this.#nested(() => this.#value()));
      this.#close("]");
    }
    return keys;
  }

  #list(offset: number): ListNode {
    return { kind: "list", offset, items: this.#items("]", () => this.#value()) };
  }

  #map(offset: number): MapNode {
    const entries = this.#items("}", () => {
      const token = this.#here;
      if (token.kind !== "string") throw this.#unexpected("a key in double quotes");
      this.#next();
      if (!this.#takeSymbol(":")) throw this.#unexpected('":"');
      return { key: token.value, value: this.#value() };
    });
    return { kind: "map", offset, entries };
  }

  #items<T>(closing: string, item: () => T): T[] {
    const items: T[] = [];
    if (this.#takeSymbol(closing)) return items;
    do items.push(this.#nested(item));
    while (this.#takeSymbol(","));
    this.#close(closing, '"," or ');
    return items;
  }

  #asCondition(node: Node): ConditionNode {
    switch (node.kind) {
      case "comparison":
      case "not":
      case "and":
      case "or":
      case "call":
      case "boolean":
        return node;
      default:
        throw this.#unexpected(COMPARISON_EXPECTED);
    }
  }

  #asValue(node: Node): ValueNode {
    switch (node.kind) {
      case "comparison":
      case "not":
      case "and":
      case "or":
        throw new OttlError("a condition is no value", { offset: node.offset, expected: "a value" });
      default:
        return node;
    }
  }

  #calculable(node: Node): ValueNode {
    if (!CALCULABLE.has(node.kind)) {
      const expected = node.kind === "string" ? 'a number; texts are joined by Concat([...], "")' : "a number";
      throw new OttlError("this is nothing to calculate with", { offset: node.offset, expected });
    }
    return this.#asValue(node);
  }
}
