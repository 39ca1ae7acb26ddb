import type { StoredTotal } from "../../component/totals.ts";
import { printable } from "../printable.ts";
import { type Row, tableLines } from "../text-table.ts";
import type { TotalsOfOwner } from "./read-totals.ts";
import { amountText, clientText, directionText, isoTime, nameText, signedText, timeText } from "./total-text.ts";

/** The lines of a listing of totals, in each of the formats that it is printed in. */
export const TOTALS_FORMATS = { table, csv, json } as const;

export type TotalsFormat = keyof typeof TOTALS_FORMATS;

/** For a person: sizes in words, columns only where there is something to say. */
function* table(owners: readonly TotalsOfOwner[]): Iterable<string> {
  const any = (test: (total: StoredTotal) => boolean) => owners.some(({ totals }) => totals.some(test));
  const isCorrected = any(({ adjustment }) => adjustment !== 0);
  const withState = owners.filter(({ totals }) => totals.length > 0).length > 1;
  const head = [
    ...(withState ? ["STATE"] : []),
    ...["NODE", "SERVICE", "CLIENT", "DIRECTION", "TOTAL"],
    ...(isCorrected ? ["CORRECTION", "TO BILL"] : []),
    ...["UNCERTAIN", "FIRST SEEN (UTC)", "LAST CHANGE (UTC)", "EPOCHS"],
  ];
  const numbers = ["TOTAL", "CORRECTION", "TO BILL", "UNCERTAIN", "EPOCHS"].map((name) => head.indexOf(name));
  function* rows(): Iterable<Row> {
    yield head;
    for (const { state, totals } of owners) {
      for (const total of totals) {
        const { owner, unit, value, uncertain, adjustment, startAt, reportAt, epochs } = total;
        const corrected =
          adjustment === 0
            ? ["", amountText(value, unit)]
            : [signedText(adjustment, unit), amountText(value + adjustment, unit)];
        yield [
          ...(withState ? [nameText(shortState(state))] : []),
          ...[nameText(owner.node), nameText(owner.service), clientText(total), directionText(total)],
          amountText(value, unit),
          ...(isCorrected ? corrected : []),
          uncertain === undefined ? "unknown" : uncertain === 0 ? "0" : signedText(uncertain, unit),
          ...[timeText(startAt), timeText(reportAt), String(epochs)],
        ];
      }
    }
  }
  yield* tableLines(rows, new Set(numbers));
  const notes = [
    any(({ owner }) => owner.kind === "service") && any(({ owner }) => owner.kind !== "service")
      ? "A service's own lines and those of its clients tell of the same bytes: never add them up."
      : "",
    any(({ uncertain = 0 }) => uncertain > 0) ? "UNCERTAIN: the total may be too low, by so much at the most." : "",
    isCorrected ? "CORRECTION: what was entered by hand; gostcol totals adjustments has the reasons." : "",
  ].filter((note) => note !== "");
  if (notes.length > 0) yield* ["", ...notes];
}

/** `delta_to_cumulative@metrics/eu` of `processor:delta_to_cumulative@metrics/eu`. */
function shortState(state: string): string {
  return state.slice(state.indexOf(":") + 1);
}

const FIELDS = [
  "state",
  "node",
  "service",
  "level",
  "client",
  "direction",
  "metric",
  "unit",
  "total",
  "uncertain",
  "adjustment",
  "billable",
  "first_seen",
  "last_change",
  "epochs",
] as const;

type Fields = Readonly<Record<(typeof FIELDS)[number], string | number | null>>;

/** The same for programs: exact numbers, and null for what is not there. */
function fieldsOf(state: string, total: StoredTotal): Fields {
  const { owner, metric, unit, value, uncertain, adjustment, startAt, reportAt, epochs } = total;
  return {
    state,
    node: owner.node,
    service: owner.service,
    level: owner.client === null ? "other_clients" : owner.kind === "handler" ? "client" : owner.kind,
    client: owner.client ?? null,
    direction: total.direction ?? null,
    metric,
    unit,
    total: value,
    uncertain: uncertain ?? null,
    adjustment,
    billable: value + adjustment,
    first_seen: isoTime(startAt) ?? null,
    last_change: isoTime(reportAt) ?? null,
    epochs,
  };
}

/** One array, an object on each line. */
function* json(owners: readonly TotalsOfOwner[]): Iterable<string> {
  yield* jsonLines(everyFields(owners));
}

/** For spreadsheets and for programs that read no JSON (RFC 4180, with a header). */
function* csv(owners: readonly TotalsOfOwner[]): Iterable<string> {
  yield* csvLines(FIELDS, everyFields(owners));
}

function* everyFields(owners: readonly TotalsOfOwner[]): Iterable<Fields> {
  for (const { state, totals } of owners) for (const total of totals) yield fieldsOf(state, total);
}

type Values = Readonly<Record<string, string | number | null>>;

export function* jsonLines(rows: Iterable<Values>): Iterable<string> {
  let before: string | undefined;
  yield "[";
  for (const row of rows) {
    if (before !== undefined) yield `${before},`;
    before = `  ${jsonText(row)}`;
  }
  if (before !== undefined) yield before;
  yield "]";
}

export function* csvLines(fields: readonly string[], rows: Iterable<Values>): Iterable<string> {
  yield fields.join(",");
  for (const row of rows) yield fields.map((field) => csvCell(row[field]!)).join(",");
}

/** JSON escapes only the first of the control characters: the others are the same to a parser when they are escaped too. */
function jsonText(value: Values): string {
  return JSON.stringify(value).replaceAll(/[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    [...Array(character.length).keys()]
      .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}

/**
 * A spreadsheet takes what begins with one of these for a formula, and would run it. An apostrophe in front makes it
 * text; one that was there gets another, so that whoever takes the first off has what it was.
 */
const FORMULA = /^[=+\-@\t\r'＝＋－＠]/;

function csvCell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const text = printable(FORMULA.test(value) ? `'${value}` : value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
