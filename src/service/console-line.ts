/** One of pino's JSON lines for a person: time, level, who says it, what, and the rest as `key=value`. */
export function consoleLine(json: string): string {
  const { time, level, kind, id, msg, error, ...rest } = JSON.parse(json) as Record<string, unknown>;
  const who = id === undefined ? "" : `${kind}:${id}  `;
  const more = Object.entries(rest).map(([key, value]) => ` ${key}=${fieldText(value)}`);
  const said = visible(String(msg)) + more.join("");
  const line = `${localTime(String(time))} ${String(level).toUpperCase().padEnd(5)} ${who}${said}`;
  return `${line}${errorText(error)}\n`;
}

function localTime(iso: string): string {
  const time = new Date(iso);
  const two = (value: number) => String(value).padStart(2, "0");
  const milliseconds = String(time.getMilliseconds()).padStart(3, "0");
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${milliseconds}`;
}

function fieldText(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return visible(/^[^\s"=]+$/.test(text) ? text : JSON.stringify(text));
}

/** Messages quote what strangers sent: nothing of it may move the cursor, begin a line or turn the writing around. */
function visible(text: string): string {
  return text.replace(/\p{C}/gu, (character) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, "0")}`);
}

/** The stack where there is one: somebody will want to report it. */
function errorText(error: unknown): string {
  if (error === undefined) return "";
  const { stack, message } = (typeof error === "object" && error !== null ? error : {}) as Record<string, unknown>;
  return `\n    ${String(stack ?? message ?? error).replaceAll("\n", "\n    ")}`;
}
