import type { Adjustment } from "../../component/totals.ts";
import type { CliContext } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { printLines } from "../print-lines.ts";
import { printable } from "../printable.ts";
import { type Row, tableLines } from "../text-table.ts";
import { type StoreOptions, withStore } from "../with-store.ts";
import { csvLines, jsonLines } from "./data-lines.ts";
import type { TotalsFormat } from "./formats.ts";
import { fits, keepersOfTotals, type TotalsFilter } from "./read-totals.ts";
import { clientText, isoTime, levelOf, nameText, signedText, timeText } from "./total-text.ts";

export interface AdjustmentsOptions extends StoreOptions, TotalsFilter {
  readonly format: TotalsFormat;
}

interface Entry extends Adjustment {
  readonly state: string;
}

/** `gostcol totals adjustments`: every correction with its reason, the oldest first. */
export async function adjustmentsCommand(context: CliContext, options: AdjustmentsOptions): Promise<number> {
  return withStore(context, options, async (reader) => {
    const keepers = await keepersOfTotals(reader, context.registry);
    const entries: Entry[] = keepers.flatMap(({ state, stored }) =>
      [...stored.adjustments(reader.of(state))]
        .filter(({ total }) => fits(total.owner, options))
        .map((adjustment) => ({ ...adjustment, state })),
    );
    reader.close();
    entries.sort((left, right) => left.at - right.at);
    if (entries.length > 0 || options.format !== "table") printLines(context, LINES[options.format](entries));
    if (entries.length === 0) context.printError("No corrections.\n");
    return EXIT.ok;
  });
}

const LINES: Readonly<Record<TotalsFormat, (entries: readonly Entry[]) => Iterable<string>>> = {
  table(entries) {
    const head = ["WHEN (UTC)", "NODE", "SERVICE", "CLIENT", "DIRECTION", "BY", "REASON"];
    const rows = entries.map(({ total, by, reason, at }): Row => {
      const { owner, direction = "" } = total;
      const whose = [nameText(owner.node), nameText(owner.service), clientText(total), nameText(direction)];
      return [timeText(at), ...whose, signedText(by, "By"), printable(reason)];
    });
    return tableLines(() => [head, ...rows], new Set([head.indexOf("BY")]));
  },
  csv: (entries) => csvLines(FIELDS, entries.map(fieldsOf)),
  json: (entries) => jsonLines(entries.map(fieldsOf)),
};

const FIELDS = [
  "at",
  "state",
  "node",
  "service",
  "level",
  "client",
  "direction",
  "metric",
  "by",
  "reason",
  "id",
] as const;

function fieldsOf({ state, id, total, by, reason, at }: Entry): Readonly<Record<string, string | number | null>> {
  const { owner, metric, direction = null } = total;
  return {
    at: isoTime(at) ?? null,
    state,
    node: owner.node,
    service: owner.service,
    level: levelOf(owner),
    client: owner.client ?? null,
    direction,
    metric,
    by,
    reason,
    id,
  };
}
