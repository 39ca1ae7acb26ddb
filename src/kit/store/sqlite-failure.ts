/** What SQLite's result codes mean to a person: https://sqlite.org/rescode.html. The low byte is the primary code. */
const MEANING: Readonly<Record<number, string>> = {
  5: "it is in use by another process",
  8: "it can be read and not written",
  10: "the disk reports an error",
  11: "it is damaged",
  13: "the disk is full",
  14: "it cannot be opened",
  26: "it is no SQLite database",
};

export const IO_ERROR = 10;
export const FULL = 13;
const DAMAGED: readonly (number | undefined)[] = [11, 26];

/** SQLite's primary result code, or undefined where something else went wrong. */
export function resultCode(thrown: unknown): number | undefined {
  const code = thrown instanceof Error && "errcode" in thrown ? thrown.errcode : undefined;
  return typeof code === "number" ? code & 0xff : undefined;
}

export function isDamage(thrown: unknown): boolean {
  return DAMAGED.includes(resultCode(thrown));
}

export function failureText(thrown: unknown): string {
  const code = resultCode(thrown);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const meaning = code === undefined ? undefined : MEANING[code];
  return meaning === undefined ? message : `${meaning} (${message})`;
}
