import * as z from "zod";
import { refuse } from "../../kit/fields.ts";
import { nearest } from "../../lib/nearest.ts";
import { type Json, PLAIN_FIELDS, type PlainItem } from "./plain-item.ts";

/** A body of JSON with an item's fields in its places. */
export type Template = (item: PlainItem) => Json;

/** What is written in a configuration is a value, not the text of one: so what comes out is JSON, whatever goes in. */
export function templateField() {
  return z.union([z.record(z.string(), z.unknown()), z.array(z.unknown())]).transform((written, context): Template => {
    try {
      return template(written as Json);
    } catch (thrown) {
      if (!(thrown instanceof TemplateError)) throw thrown;
      const { path, expected, nearest } = thrown;
      return refuse(context, "bad_expression", thrown.message, { path, expected, nearest });
    }
  });
}

/** Reads and checks a template; throws a `TemplateError`. */
export function template(written: Json, path: readonly (string | number)[] = []): Template {
  if (typeof written === "string") return textTemplate(written, path);
  if (typeof written !== "object" || written === null) return () => written;
  if (Array.isArray(written)) {
    const items = written.map((each: Json, index) => template(each, [...path, index]));
    return (item) => items.map((each) => each(item));
  }
  const entries = Object.entries(written).map(([name, value]) => [name, template(value, [...path, name])] as const);
  return (item) => Object.fromEntries(entries.map(([name, value]) => [name, value(item)]));
}

export class TemplateError extends Error {
  override readonly name = "TemplateError";
  readonly path: readonly (string | number)[];
  readonly expected: string;
  readonly nearest: string | undefined;

  constructor(message: string, path: readonly (string | number)[], expected: string, nearest?: string) {
    super(message);
    this.path = path;
    this.expected = expected;
    this.nearest = nearest;
  }
}

type Reader = (item: PlainItem) => Json;

const OPEN = "{{";
const CLOSE = "}}";

/** A text that is one placeholder has that field's value as it is; otherwise all becomes one text. */
function textTemplate(text: string, path: readonly (string | number)[]): Template {
  const parts: (string | Reader)[] = [];
  let at = 0;
  for (let open = text.indexOf(OPEN); open !== -1; open = text.indexOf(OPEN, at)) {
    const close = text.indexOf(CLOSE, open);
    if (close === -1) throw new TemplateError(`"${OPEN}" without an end`, path, `"${CLOSE}" behind it`);
    if (open > at) parts.push(text.slice(at, open));
    parts.push(placeholder(text.slice(open + OPEN.length, close).trim(), path));
    at = close + CLOSE.length;
  }
  if (at < text.length) parts.push(text.slice(at));
  const [first] = parts;
  if (parts.length === 1 && typeof first === "function") return first;
  return (item) => parts.map((part) => (typeof part === "string" ? part : textOf(part(item)))).join("");
}

const NAME = /^\.?([a-z_]+)/;
const KEY = /^\[("(?:[^"\\]|\\.)*")\]/;
const FILTER = /^\s*\|\s*(\w+)$/;
const EXPECTED = 'a field and its keys, such as attributes["gost.client.id"]';

/** `name`, `attributes["key"]`, `body.key["key"]`, each with ` | html` behind it or not. */
function placeholder(written: string, path: readonly (string | number)[]): Reader {
  const keys: string[] = [];
  let rest = written;
  for (;;) {
    const name = keys.length === 0 || rest.startsWith(".") ? NAME.exec(rest) : null;
    const key = keys.length > 0 ? KEY.exec(rest) : null;
    if (name !== null && (keys.length > 0 || !rest.startsWith("."))) keys.push(name[1]!);
    else if (key !== null) keys.push(keyText(key[1]!, written, path));
    else break;
    rest = rest.slice((name ?? key)![0].length);
  }
  const [field] = keys;
  if (field === undefined) throw new TemplateError(`{{ ${written} }} names no field`, path, EXPECTED);
  if (!PLAIN_FIELDS.some((known) => known === field)) {
    throw new TemplateError(`there is no field ${field}`, path, EXPECTED, nearest(field, PLAIN_FIELDS));
  }
  const read: Reader = (item) => keys.reduce(memberOf, item as Json);
  if (rest === "") return read;
  if (FILTER.exec(rest)?.[1] === "html") return (item) => htmlText(textOf(read(item)));
  throw new TemplateError(`{{ ${written} }} cannot be read`, path, `${EXPECTED}, and perhaps "| html" behind it`);
}

function keyText(text: string, written: string, path: readonly (string | number)[]): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    throw new TemplateError(`{{ ${written} }} has a key that is no text of JSON`, path, EXPECTED);
  }
}

/** What is not there is null. */
function memberOf(value: Json, key: string): Json {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return null;
  return (value as { readonly [name: string]: Json })[key]!;
}

function textOf(value: Json): string {
  if (value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

const HTML: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** The three characters that Slack and its like read as their own: https://docs.slack.dev/messaging/formatting-message-text */
function htmlText(text: string): string {
  return text.replace(/[&<>]/g, (character) => HTML[character]!);
}
