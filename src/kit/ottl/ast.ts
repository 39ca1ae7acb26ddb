/**
 * A condition or statement as it was written. Every node knows where it begins: `offset` in UTF-16 code units.
 * Parentheses leave no node; the shape of the tree is what they say.
 */
interface At {
  readonly offset: number;
}

export type LiteralNode = At &
  (
    | { readonly kind: "nil" }
    | { readonly kind: "boolean"; readonly value: boolean }
    | { readonly kind: "int"; readonly value: bigint }
    | { readonly kind: "double"; readonly value: number }
    | { readonly kind: "string"; readonly value: string }
    | { readonly kind: "bytes"; readonly value: Uint8Array }
  );

/** `resource.attributes["host.name"]`: two fields, the second with one key. */
export interface PathNode extends At {
  readonly kind: "path";
  readonly fields: readonly FieldNode[];
}

export interface FieldNode extends At {
  readonly name: string;
  readonly keys: readonly ValueNode[];
}

/** `Split(name, ".")[0]`. The name of an editor begins with a lowercase letter, that of a converter with an uppercase one. */
export interface CallNode extends At {
  readonly kind: "call";
  readonly name: string;
  readonly arguments: readonly ArgumentNode[];
  readonly keys: readonly ValueNode[];
}

export interface ArgumentNode extends At {
  readonly name?: string;
  readonly value: ValueNode;
}

/** `SEVERITY_NUMBER_WARN`, or a converter's name where one is handed to an editor. */
export interface NameNode extends At {
  readonly kind: "name";
  readonly name: string;
}

export interface ListNode extends At {
  readonly kind: "list";
  readonly items: readonly ValueNode[];
}

export interface MapNode extends At {
  readonly kind: "map";
  readonly entries: readonly { readonly key: string; readonly value: ValueNode }[];
}

export type ArithmeticOperator = "+" | "-" | "*" | "/";

export interface ArithmeticNode extends At {
  readonly kind: "arithmetic";
  readonly operator: ArithmeticOperator;
  readonly left: ValueNode;
  readonly right: ValueNode;
}

export interface NegationNode extends At {
  readonly kind: "negation";
  readonly operand: ValueNode;
}

export type ValueNode =
  | LiteralNode
  | PathNode
  | CallNode
  | NameNode
  | ListNode
  | MapNode
  | ArithmeticNode
  | NegationNode;

export type ComparisonOperator = "==" | "!=" | "<" | "<=" | ">" | ">=";

export interface ComparisonNode extends At {
  readonly kind: "comparison";
  readonly operator: ComparisonOperator;
  readonly left: ValueNode;
  readonly right: ValueNode;
}

export interface NotNode extends At {
  readonly kind: "not";
  readonly operand: ConditionNode;
}

/** `a and b and c` is one node with three operands. */
export interface JunctionNode extends At {
  readonly kind: "and" | "or";
  readonly operands: readonly ConditionNode[];
}

export type ConditionNode =
  | ComparisonNode
  | NotNode
  | JunctionNode
  | CallNode
  | Extract<LiteralNode, { kind: "boolean" }>;

/** An editor's call, and when it is to be done. */
export interface StatementNode extends At {
  readonly editor: CallNode;
  readonly where?: ConditionNode;
}
