import type { StoredTotal } from "../../component/totals.ts";
import { type Row, tableLines } from "../text-table.ts";
import { csvLines, jsonLines } from "./data-lines.ts";
import type { TotalsOfOwner } from "./read-totals.ts";
import {
  amountText,
  clientText,
  directionText,
  isoTime,
  levelOf,
  nameText,
  signedText,
  timeText,
} from "./total-text.ts";

/** The lines of a listing of totals, in each of the formats that it is printed in. */
export const TOTALS_FORMATS = {
  table,
  csv: (owners: readonly TotalsOfOwner[]) => csvLines(FIELDS, everyFields(owners)),
  json: (owners: readonly TotalsOfOwner[]) => jsonLines(everyFields(owners)),
} as const;

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
    level: levelOf(owner),
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

function* everyFields(owners: readonly TotalsOfOwner[]): Iterable<Fields> {
  for (const { state, totals } of owners) for (const total of totals) yield fieldsOf(state, total);
}
