import type { StoredTotal } from "../../component/totals.ts";
import type { StreamOwner } from "../../model/stream-key.ts";
import { cut, printable } from "../printable.ts";

/** How totals are written for a person. */

const NAME_COLUMNS_MAX = 60;
const UNITS = ["KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** A name that somebody else chose, fit for a cell of a table. */
export function nameText(name: string): string {
  return cut(printable(name), NAME_COLUMNS_MAX);
}

/** `edge-1 web alice receive`. */
export function totalText(total: StoredTotal): string {
  const { node, service } = total.owner;
  return [nameText(node), nameText(service), clientText(total), directionText(total)].join(" ");
}

/** At which level it is counted, for programs. */
export function levelOf({ kind, client }: StreamOwner): string {
  return client === null ? "other_clients" : kind === "handler" ? "client" : kind;
}

/** Whose line it is. What stands in brackets is no name. */
export function clientText({ owner: { kind, client } }: Pick<StoredTotal, "owner">): string {
  if (client === null) return "(all others)";
  if (client === undefined) return kind === "service" ? "(whole service)" : `(${kind})`;
  return client === "" ? "(no name)" : nameText(client);
}

/** `receive`, `transmit`; of what has no direction, what is counted: `connections`. */
export function directionText({ direction, unit }: Pick<StoredTotal, "direction" | "unit">): string {
  return direction === undefined ? `${unit.replaceAll(/[{}]/g, "")}s` : nameText(direction);
}

/** `1.21 GiB`; of what is no bytes, the number. */
export function amountText(amount: number, unit: string): string {
  return unit === "By" ? bytesText(amount) : String(amount);
}

/** `+1.21 GiB`, `-5`. */
export function signedText(amount: number, unit: string): string {
  return amount > 0 ? `+${amountText(amount, unit)}` : amountText(amount, unit);
}

/** Three digits, of the largest binary unit that leaves one in front of the point. */
export function bytesText(bytes: number): string {
  if (bytes < 0) return `-${bytesText(-bytes)}`;
  if (bytes < 1024) return `${bytes} B`;
  let value = bytes / 1024;
  let unit = 0;
  // What would be rounded up to 1024 is one of the next unit.
  while (value >= 1023.5 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)} ${UNITS[unit]}`;
}

/** `2026-11-21 12:30:05`, in UTC; times are whole seconds for a person. */
export function timeText(at: number): string {
  return isoTime(at)?.slice(0, 19).replace("T", " ") ?? "unknown";
}

/** `2026-11-21T12:30:05.123Z`; undefined where there is no such time. */
export function isoTime(at: number): string | undefined {
  const time = new Date(at);
  return at > 0 && !Number.isNaN(time.getTime()) ? time.toISOString() : undefined;
}
