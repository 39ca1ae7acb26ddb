import { EvaluationError } from "./errors.ts";
import { RESULT_ITEMS_MAX } from "./limits.ts";
import { isList, isMap, typeName, type Value, type ValueMap } from "./value.ts";

/** `map["key"]`, `list[0]`; what a map does not have is nil, what a list does not have is an error. */
export function entryOf(container: Value, key: Value): Value {
  if (isMap(container)) {
    const name = keyOf(key);
    return Object.hasOwn(container, name) ? container[name] : undefined;
  }
  if (isList(container)) return container[indexOf(key, container.length)];
  throw new EvaluationError(`${typeName(container)} has no entries`);
}

/** A container with another value at the end of a path of keys, made where there is none; the given one stays as it is. */
export function withEntry(container: Value, keys: readonly Value[], value: Value): Value {
  const [key, ...rest] = keys;
  if (keys.length === 0) return value;
  if (isList(container)) {
    const index = indexOf(key, container.length);
    return container.with(index, withEntry(container[index], rest, value));
  }
  if (container === undefined || container === null) {
    if (typeof key !== "number") return { [keyOf(key)]: withEntry(undefined, rest, value) };
    const nothing = Array<Value>(indexOf(key, RESULT_ITEMS_MAX)).fill(null);
    return [...nothing, withEntry(undefined, rest, value)];
  }
  if (!isMap(container)) throw new EvaluationError(`${typeName(container)} has no entries`);
  const name = keyOf(key);
  const before = Object.hasOwn(container, name) ? container[name] : undefined;
  const after = withEntry(before, rest, value);
  return after === before ? container : { ...container, [name]: after };
}

/** A map without some of its entries; the same map where it has none of them. */
export function withEntriesWhere(map: ValueMap, keep: (key: string) => boolean): ValueMap {
  const entries = Object.entries(map);
  const kept = entries.filter(([key]) => keep(key));
  return kept.length === entries.length ? map : Object.fromEntries(kept);
}

function keyOf(key: Value): string {
  if (typeof key === "string") return key;
  throw new EvaluationError(`${typeName(key)} is no key of a map`);
}

function indexOf(key: Value, length: number): number {
  if (typeof key !== "number" || !Number.isInteger(key))
    throw new EvaluationError(`${typeName(key)} is no place in a list`);
  if (key < 0 || key >= length) throw new EvaluationError(`a list of ${length} has nothing at ${key}`);
  return key;
}
