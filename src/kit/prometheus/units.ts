/**
 * Units as OpenTelemetry writes them (UCUM: https://ucum.org/ucum) in the words that Prometheus puts into names.
 * Values are never scaled.
 */

const MAIN_UNIT: ReadonlyMap<string, string> = new Map([
  ["d", "days"],
  ["h", "hours"],
  ["min", "minutes"],
  ["s", "seconds"],
  ["ms", "milliseconds"],
  ["us", "microseconds"],
  ["ns", "nanoseconds"],
  ["By", "bytes"],
  ["KiBy", "kibibytes"],
  ["MiBy", "mebibytes"],
  ["GiBy", "gibibytes"],
  ["TiBy", "tebibytes"],
  ["KBy", "kilobytes"],
  ["kBy", "kilobytes"],
  ["MBy", "megabytes"],
  ["GBy", "gigabytes"],
  ["TBy", "terabytes"],
  ["m", "meters"],
  ["V", "volts"],
  ["A", "amperes"],
  ["J", "joules"],
  ["W", "watts"],
  ["g", "grams"],
  ["Cel", "celsius"],
  ["Hz", "hertz"],
  ["%", "percent"],
  ["1", ""],
]);

const PER_UNIT: ReadonlyMap<string, string> = new Map([
  ["s", "second"],
  ["m", "minute"],
  ["h", "hour"],
  ["d", "day"],
  ["w", "week"],
  ["mo", "month"],
  ["y", "year"],
]);

/** `By/s` gives `bytes` and `per_second`. A part that is missing, or only an annotation (`{connection}`), is empty. */
export function unitWords(unit: string): { readonly main: string; readonly per: string } {
  const slash = unit.indexOf("/");
  const main = word(slash < 0 ? unit : unit.slice(0, slash), MAIN_UNIT);
  const per = slash < 0 ? "" : word(unit.slice(slash + 1), PER_UNIT);
  return { main, per: per && `per_${per}` };
}

function word(unit: string, words: ReadonlyMap<string, string>): string {
  const trimmed = unit.trim();
  if (/[{}]/.test(trimmed)) return "";
  return (
    words.get(trimmed) ??
    trimmed
      .split(/[^a-zA-Z0-9:]+/)
      .filter(Boolean)
      .join("_")
  );
}
