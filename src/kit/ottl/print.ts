import type { ArgumentNode, ArithmeticNode, ConditionNode, StatementNode, ValueNode } from "./ast.ts";

/** Writes a condition so that reading it gives the same tree; parentheses stand where they are needed and nowhere else. */
export function printCondition(node: ConditionNode): string {
  switch (node.kind) {
    case "boolean":
    case "call":
      return printValue(node);
    case "comparison":
      return `${printValue(node.left)} ${node.operator} ${printValue(node.right)}`;
    case "not":
      return `not ${operand(node.operand, ["not", "and", "or"])}`;
    case "and":
      return node.operands.map((part) => operand(part, ["and", "or"])).join(" and ");
    case "or":
      return node.operands.map((part) => operand(part, ["or"])).join(" or ");
    default:
      return node satisfies never;
  }
}

export function printStatement({ editor, where }: StatementNode): string {
  return where === undefined ? printValue(editor) : `${printValue(editor)} where ${printCondition(where)}`;
}

function operand(node: ConditionNode, looser: readonly ConditionNode["kind"][]): string {
  const text = printCondition(node);
  return looser.includes(node.kind) ? `(${text})` : text;
}

export function printValue(node: ValueNode): string {
  switch (node.kind) {
    case "nil":
      return "nil";
    case "boolean":
    case "int":
      return String(node.value);
    case "double":
      return printDouble(node.value);
    case "string":
      return printString(node.value);
    case "bytes":
      return `0x${Buffer.from(node.value).toString("hex")}`;
    case "name":
      return node.name;
    case "path":
      return node.fields.map(({ name, keys }) => name + printKeys(keys)).join(".");
    case "call":
      return `${node.name}(${node.arguments.map(printArgument).join(", ")})${printKeys(node.keys)}`;
    case "list":
      return `[${node.items.map(printValue).join(", ")}]`;
    case "map":
      return `{${node.entries.map(({ key, value }) => `${printString(key)}: ${printValue(value)}`).join(", ")}}`;
    case "arithmetic":
      return printArithmetic(node);
    case "negation":
      // A sign right before a number would become a part of it.
      return ["path", "call"].includes(node.operand.kind)
        ? `-${printValue(node.operand)}`
        : `-(${printValue(node.operand)})`;
    default:
      return node satisfies never;
  }
}

const printArgument = ({ name, value }: ArgumentNode): string =>
  name === undefined ? printValue(value) : `${name} = ${printValue(value)}`;

const printKeys = (keys: readonly ValueNode[]): string => keys.map((key) => `[${printValue(key)}]`).join("");

function printArithmetic({ operator, left, right }: ArithmeticNode): string {
  const binds = precedence(operator);
  const leftText = printValue(left);
  const rightText = printValue(right);
  const looserLeft = left.kind === "arithmetic" && precedence(left.operator) < binds;
  const looserRight = right.kind === "arithmetic" && precedence(right.operator) <= binds;
  return `${looserLeft ? `(${leftText})` : leftText} ${operator} ${looserRight ? `(${rightText})` : rightText}`;
}

const precedence = (operator: ArithmeticNode["operator"]): number => (operator === "+" || operator === "-" ? 1 : 2);

function printDouble(value: number): string {
  const text = Object.is(value, -0) ? "-0" : String(value);
  const [digits, exponent] = text.split("e") as [string, string?];
  const withPoint = digits.includes(".") ? digits : `${digits}.0`;
  return exponent === undefined ? withPoint : `${withPoint}e${exponent}`;
}

const NAMED_ESCAPES: Readonly<Record<string, string>> = {
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  '"': '\\"',
  "\\": "\\\\",
};

function printString(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped here.
  const escaped = value.replace(/[\u0000-\u001f\u007f"\\]/g, (character) => {
    return NAMED_ESCAPES[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return `"${escaped}"`;
}
