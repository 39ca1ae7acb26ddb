import { OttlError } from "../errors.ts";
import { withEntriesWhere } from "../keys.ts";
import {
  fixedTexts,
  fixedWholeNumber,
  glob,
  map,
  mapTarget,
  oneOf,
  pattern,
  target,
  text,
  value,
} from "../parameters.ts";
import type { Value } from "../value.ts";
import { editor } from "./function.ts";
import { REPLACEMENT, replacedWhole, replaceMatches } from "./replacement.ts";
import { wholeCharacters } from "./texts.ts";

/** What statements can do. */
export const EDITORS = [
  editor({
    name: "set",
    summary: "Gives a path another value; nil changes nothing.",
    parameters: { target: target(), value: value() },
    make:
      ({ target, value }) =>
      (subject) => {
        const found = value.get(subject);
        return found === undefined ? subject : target.set(subject, found);
      },
  }),
  editor({
    name: "delete_key",
    summary: "Takes an entry out of a map.",
    parameters: { target: mapTarget(), key: text() },
    make:
      ({ target, key }) =>
      (subject) => {
        const gone = key(subject);
        return target.set(
          subject,
          withEntriesWhere(target.get(subject), (name) => name !== gone),
        );
      },
  }),
  editor({
    name: "delete_matching_keys",
    summary: "Takes out of a map the entries whose keys match a pattern.",
    parameters: { target: mapTarget(), pattern: pattern() },
    make:
      ({ target, pattern }) =>
      (subject) =>
        target.set(
          subject,
          withEntriesWhere(target.get(subject), (name) => !pattern.test(name)),
        ),
  }),
  editor({
    name: "keep_keys",
    summary: "Leaves in a map the entries with these keys alone.",
    parameters: { target: mapTarget(), keys: fixedTexts() },
    make: ({ target, keys }) => {
      const kept = new Set(keys);
      return (subject) =>
        target.set(
          subject,
          withEntriesWhere(target.get(subject), (name) => kept.has(name)),
        );
    },
  }),
  editor({
    name: "keep_matching_keys",
    summary: "Leaves in a map the entries alone whose keys match a pattern.",
    parameters: { target: mapTarget(), pattern: pattern() },
    make:
      ({ target, pattern }) =>
      (subject) =>
        target.set(
          subject,
          withEntriesWhere(target.get(subject), (name) => pattern.test(name)),
        ),
  }),
  editor({
    name: "limit",
    summary: "Leaves at most so many entries in a map: those with a priority, then the first by their keys.",
    parameters: { target: mapTarget(), limit: fixedWholeNumber(), priority_keys: fixedTexts() },
    make: ({ target, limit, priority_keys }, offset) => {
      if (priority_keys.length > limit) {
        throw new OttlError(`${priority_keys.length} keys have a priority, and ${limit} may stay`, { offset });
      }
      const first = new Set(priority_keys);
      return (subject) => {
        const found = target.get(subject);
        const keys = Object.keys(found);
        if (keys.length <= limit) return subject;
        const others = keys.filter((key) => !first.has(key)).sort();
        const kept = new Set([...keys.filter((key) => first.has(key)), ...others].slice(0, limit));
        return target.set(
          subject,
          withEntriesWhere(found, (key) => kept.has(key)),
        );
      };
    },
  }),
  editor({
    name: "truncate_all",
    summary: "Cuts the texts of a map to so many bytes; a character that would be cut through goes as well.",
    parameters: { target: mapTarget(), limit: fixedWholeNumber() },
    make:
      ({ target, limit }) =>
      (subject) =>
        target.set(
          subject,
          withTexts(target.get(subject), (found) => truncated(found, limit)),
        ),
  }),
  editor({
    name: "replace_match",
    summary: "Replaces a text that matches a glob as a whole.",
    parameters: { target: target(), pattern: glob(), ...REPLACEMENT },
    make:
      ({ target, pattern, ...replacement }) =>
      (subject) => {
        const found = target.get(subject);
        if (typeof found !== "string" || !pattern.test(found)) return subject;
        return target.set(subject, replacedWhole(replacement, subject));
      },
  }),
  editor({
    name: "replace_pattern",
    summary: "Replaces every match of a pattern in a text; the replacement may name groups: $1.",
    parameters: { target: target(), regex_pattern: pattern(), ...REPLACEMENT },
    make:
      ({ target, regex_pattern, ...replacement }) =>
      (subject) => {
        const found = target.get(subject);
        if (typeof found !== "string") return subject;
        return target.set(subject, replaceMatches(found, regex_pattern, replacement, subject));
      },
  }),
  editor({
    name: "replace_all_matches",
    summary: "Replaces those texts of a map that match a glob as a whole.",
    parameters: { target: mapTarget(), pattern: glob(), ...REPLACEMENT },
    make:
      ({ target, pattern, ...replacement }) =>
      (subject) =>
        target.set(
          subject,
          withTexts(target.get(subject), (found) =>
            pattern.test(found) ? replacedWhole(replacement, subject) : found,
          ),
        ),
  }),
  editor({
    name: "replace_all_patterns",
    summary: "Replaces every match of a pattern in the texts of a map, or in its keys.",
    parameters: { target: mapTarget(), mode: oneOf("value", "key"), regex_pattern: pattern(), ...REPLACEMENT },
    make:
      ({ target, mode, regex_pattern, ...replacement }) =>
      (subject) => {
        const replaced = (found: string) => replaceMatches(found, regex_pattern, replacement, subject);
        const found = target.get(subject);
        return target.set(subject, mode === "value" ? withTexts(found, replaced) : withKeys(found, replaced));
      },
  }),
  editor({
    name: "merge_maps",
    summary: "Puts the entries of another map into a map: `insert` new ones, `update` those it has, `upsert` both.",
    parameters: { target: mapTarget(), source: map(), strategy: oneOf("insert", "update", "upsert") },
    make:
      ({ target, source, strategy }) =>
      (subject) => {
        const found = target.get(subject);
        const added = withEntriesWhere(source(subject), (key) => {
          return strategy === "upsert" || Object.hasOwn(found, key) === (strategy === "update");
        });
        return target.set(subject, { ...found, ...added });
      },
  }),
];

type TextMap = Readonly<Record<string, Value>>;

/** A map with its texts changed; the same map where none is. */
function withTexts(found: TextMap, change: (text: string) => string): TextMap {
  let changed = false;
  const entries = Object.entries(found).map(([key, entry]): [string, Value] => {
    if (typeof entry !== "string") return [key, entry];
    const text = change(entry);
    changed ||= text !== entry;
    return [key, text];
  });
  return changed ? Object.fromEntries(entries) : found;
}

/** A map with its keys changed, the same map where none is; where two become one, the later entry counts. */
function withKeys(found: TextMap, change: (key: string) => string): TextMap {
  let changed = false;
  const entries = Object.entries(found).map(([key, entry]): [string, Value] => {
    const name = change(key);
    changed ||= name !== key;
    return [name, entry];
  });
  return changed ? Object.fromEntries(entries) : found;
}

function truncated(found: string, limit: number): string {
  if (found.length * 3 <= limit || Buffer.byteLength(found) <= limit) return found;
  return wholeCharacters(Buffer.from(found), 0, limit);
}
