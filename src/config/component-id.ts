import type { ComponentId } from "../component/id.ts";
import { SIGNALS, type Signal } from "../model/signal.ts";

const TYPE = /^[a-zA-Z][0-9a-zA-Z_]{0,62}$/;
const NAME = /^[^\p{Z}\p{C}\p{S}]+$/u;
const NAME_LENGTH_MAX = 1024;

/** `type` or `type/name`, parted at the first slash, spaces around both left out; a text says what is wrong with it. */
export function parseComponentId(text: string): ComponentId | string {
  const [type, name] = splitAtSlash(text);
  if (type === "") return text.trim() === "" ? "it is empty" : "nothing stands before the /";
  if (!TYPE.test(type)) return `the type "${type}" may only have letters, digits and _, a letter first`;
  if (name === undefined) return { type, name: "" };
  if (name === "") return "nothing stands behind the /";
  if (name.length > NAME_LENGTH_MAX) return `its name is longer than ${NAME_LENGTH_MAX} characters`;
  if (!NAME.test(name)) return `the name "${name}" has spaces, control characters or symbols in it`;
  return { type, name };
}

/** `signal` or `signal/name`. */
export function parsePipelineId(text: string): { readonly signal: Signal; readonly name: string } | string {
  const id = parseComponentId(text);
  if (typeof id === "string") return id;
  const signal = SIGNALS.find((known) => known === id.type);
  return signal ? { signal, name: id.name } : `"${id.type}" is no signal`;
}

function splitAtSlash(text: string): readonly [string, string | undefined] {
  const slash = text.indexOf("/");
  return slash === -1 ? [text.trim(), undefined] : [text.slice(0, slash).trim(), text.slice(slash + 1).trim()];
}
