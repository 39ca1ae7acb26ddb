import { type Account, type Accounts, EMPTY_ACCOUNT, sortedAccounts } from "./books.ts";

/** The value that a far end has for one series, under the names that OpenTelemetry has for it. */
export interface Reading {
  readonly metric: string;
  /** The resource's and the point's. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The accounts that a far end's readings are about; what else it has is left out. */
export function accountsOf(readings: Iterable<Reading>): Accounts {
  const accounts = new Map<string, Account>();
  for (const { metric, attributes, value } of readings) {
    const [, level, count] = /^gost\.(service|client)\.(.*)$/.exec(metric) ?? [];
    const field = fieldOf(count, attributes["network.io.direction"]);
    if (field === undefined) continue;
    const { "service.instance.id": node, "gost.service.name": service, "gost.client.id": client } = attributes;
    const key = [node, service, ...(level === "client" ? [client] : [])].join(" ");
    accounts.set(key, { ...(accounts.get(key) ?? EMPTY_ACCOUNT), [field]: value });
  }
  return sortedAccounts(accounts);
}

function fieldOf(count: string | undefined, direction: string | undefined): keyof Account | undefined {
  switch (count) {
    case "connection.handled":
      return "connections";
    case "connection.active":
      return "active";
    case "errors":
      return "errors";
    case "io":
      return direction === "receive" ? "input" : "output";
    default:
      return undefined;
  }
}
