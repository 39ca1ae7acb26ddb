import type { ConditionNode, PathNode, ValueNode } from "./ast.ts";

/** Every path that a condition or value names, in its order. */
export function pathsOf(node: ConditionNode | ValueNode): readonly PathNode[] {
  switch (node.kind) {
    case "path":
      return [node, ...node.fields.flatMap(({ keys }) => keys.flatMap(pathsOf))];
    case "call":
      return [...node.arguments.map(({ value }) => value), ...node.keys].flatMap(pathsOf);
    case "list":
      return node.items.flatMap(pathsOf);
    case "map":
      return node.entries.flatMap(({ value }) => pathsOf(value));
    case "comparison":
    case "arithmetic":
      return [...pathsOf(node.left), ...pathsOf(node.right)];
    case "not":
    case "negation":
      return pathsOf(node.operand);
    case "and":
    case "or":
      return node.operands.flatMap(pathsOf);
    case "nil":
    case "boolean":
    case "int":
    case "double":
    case "string":
    case "bytes":
    case "name":
      return [];
    default:
      return node satisfies never;
  }
}
