import type { Range } from "./source.ts";

/**
 * A configuration as a tree in which every key and value knows where it was written. One tree is made of all sources, so
 * positions live in the nodes and survive merging, aliases and substitution.
 */
export type ConfigNode = MapNode | ListNode | ScalarNode | BrokenNode;

export interface MapNode {
  readonly kind: "map";
  readonly range: Range;
  readonly entries: ReadonlyMap<string, Entry>;
  /** What stands under a key that was there already: it counts for nothing, and yet may be secret. */
  readonly repeated?: readonly (readonly [string, ConfigNode])[];
}

export interface Entry {
  readonly key: Range;
  readonly value: ConfigNode;
}

export interface ListNode {
  readonly kind: "list";
  readonly range: Range;
  readonly items: readonly ConfigNode[];
}

export interface ScalarNode {
  readonly kind: "scalar";
  readonly range: Range;
  readonly value: string | number | boolean | null;
  /** Whether the value, or a part of it, came from elsewhere, through a `${...}`. */
  readonly substituted: boolean;
}

/** A value that could not be made out; its problem is reported already, so nothing is to be said about its lack. */
export interface BrokenNode {
  readonly kind: "broken";
  readonly range: Range;
}

export type ConfigPath = readonly (string | number)[];

export const emptyMap = (range: Range): MapNode => ({ kind: "map", range, entries: new Map() });

export const isNull = (node: ConfigNode): boolean => node.kind === "scalar" && node.value === null;

/** The node's child, or undefined where there is none. */
export function childOf(node: ConfigNode | undefined, step: string | number): ConfigNode | undefined {
  if (node?.kind === "map") return node.entries.get(String(step))?.value;
  if (node?.kind === "list") return node.items[Number(step)];
  return undefined;
}

export function nodeAt(root: ConfigNode, path: ConfigPath): ConfigNode | undefined {
  return path.reduce<ConfigNode | undefined>(childOf, root);
}

/** The place of the value at `path`; where there is none, that of the key of the innermost section around it. */
export function rangeAt(root: ConfigNode, path: ConfigPath): Range {
  const node = nodeAt(root, path);
  return node === undefined || isNull(node) ? keyRangeAt(root, path) : node.range;
}

/** The place of the key at `path`, or of the innermost key (or list item) around it. */
export function keyRangeAt(root: ConfigNode, path: ConfigPath): Range {
  let range = { ...root.range, end: root.range.start };
  let node: ConfigNode | undefined = root;
  for (const step of path) {
    const child = childOf(node, step);
    if (child === undefined) break;
    range = node?.kind === "map" ? node.entries.get(String(step))!.key : child.range;
    node = child;
  }
  return range;
}

/** Whether the value at `path`, or one around it, is broken. */
export function isBrokenAt(root: ConfigNode, path: ConfigPath): boolean {
  let node: ConfigNode | undefined = root;
  for (const step of path) {
    if (node?.kind === "broken") return true;
    node = childOf(node, step);
  }
  return node?.kind === "broken";
}

/** The plain value. A null in a map means "the default", as in the Collector, and so does what is broken: left out. */
export function plainValue(node: ConfigNode): unknown {
  switch (node.kind) {
    case "scalar":
      return node.value;
    case "list":
      return node.items.map(plainValue);
    case "map": {
      const plain: Record<string, unknown> = Object.create(null);
      for (const [key, { value }] of node.entries) {
        if (value.kind !== "broken" && !isNull(value)) plain[key] = plainValue(value);
      }
      return plain;
    }
    case "broken":
      return undefined;
    default:
      return node satisfies never;
  }
}

/** `receivers.gost.auth.tokens[0].token`. */
export function pathText(path: ConfigPath): string {
  return path.reduce<string>(
    (text, step) => (typeof step === "number" ? `${text}[${step}]` : text === "" ? step : `${text}.${step || '""'}`),
    "",
  );
}
