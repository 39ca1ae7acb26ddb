import { setTimeout as sleep } from "node:timers/promises";
import { expect, vi } from "vitest";
import type { Bytes, Tunnel } from "./clients.ts";
import { PERIOD_MS } from "./gost-config.ts";
import { type Sample, select } from "./metrics-text.ts";

/** What is counted of one service (`edge-1 web`) or one client of it (`edge-1 web alice`). */
export interface Account {
  readonly connections: number;
  readonly active: number;
  readonly input: number;
  readonly output: number;
  readonly errors: number;
}

export type Accounts = Readonly<Record<string, Account>>;

/** Whoever counts: gostcol on `/metrics`, or an observer of the harness. */
export interface ShowsAccounts {
  accounts(): Accounts | Promise<Accounts>;
}

export const EMPTY_ACCOUNT: Account = { connections: 0, active: 0, input: 0, output: 0, errors: 0 };

/** What the clients of a test moved: the truth that totals are compared with. */
export class Books {
  readonly #accounts = new Map<string, Account>();

  /** A connection that is over: its bytes on the wire count for the service, what the handler counts for the client. */
  enter(node: string, service: string, client: string | undefined, tunnel: Tunnel): void {
    this.#add(`${node} ${service}`, tunnel.wire(), 0);
    if (client !== undefined) this.#add(`${node} ${service} ${client}`, tunnel.handled(), 0);
  }

  /** A connection that GOST refused: an error of the service, and nobody's traffic. */
  enterRefused(node: string, service: string, tunnel: Tunnel): void {
    this.#add(`${node} ${service}`, tunnel.wire(), 1);
  }

  accounts(): Accounts {
    return sortedAccounts(this.#accounts);
  }

  #add(key: string, bytes: Bytes, errors: number): void {
    const account = this.#accounts.get(key) ?? EMPTY_ACCOUNT;
    this.#accounts.set(key, {
      ...account,
      connections: account.connections + 1,
      input: account.input + bytes.input,
      output: account.output + bytes.output,
      errors: account.errors + errors,
    });
  }
}

/** The same accounts as `/metrics` shows them. */
export function shownAccounts(samples: readonly Sample[]): Accounts {
  const accounts = new Map<string, Account>();
  const read = readerOf(samples, accounts);
  read("connection_handled_total", (connections) => ({ connections }));
  read("connection_active", (active) => ({ active }));
  read("io_bytes_total", (input) => ({ input }), { network_io_direction: "receive" });
  read("io_bytes_total", (output) => ({ output }), { network_io_direction: "transmit" });
  read("errors_total", (errors) => ({ errors }));
  return sortedAccounts(accounts);
}

/** How much more each account's bytes could be, as `/metrics` shows it. */
export function shownUncertainty(samples: readonly Sample[]): Accounts {
  const accounts = new Map<string, Account>();
  const read = readerOf(samples, accounts);
  read("io_uncertain_bytes", (input) => ({ input }), { network_io_direction: "receive" });
  read("io_uncertain_bytes", (output) => ({ output }), { network_io_direction: "transmit" });
  return sortedAccounts(accounts);
}

function readerOf(samples: readonly Sample[], accounts: Map<string, Account>) {
  return (metric: string, change: (value: number) => Partial<Account>, labels: Record<string, string> = {}) => {
    for (const level of ["service", "client"]) {
      for (const sample of select(samples, `gost_${level}_${metric}`, labels)) {
        const { instance, gost_service_name, gost_client_id } = sample.labels;
        const key = [instance, gost_service_name, ...(level === "client" ? [gost_client_id] : [])].join(" ");
        accounts.set(key, { ...(accounts.get(key) ?? EMPTY_ACCOUNT), ...change(sample.value) });
      }
    }
  };
}

/** What is shown is never too high, and with what is uncertain of it never too low. */
export function expectWithin(samples: readonly Sample[], truth: Accounts): void {
  const [shown, uncertain] = [shownAccounts(samples), shownUncertainty(samples)];
  expect(Object.keys(shown).sort()).toEqual(Object.keys(truth).sort());
  for (const [key, account] of Object.entries(truth)) {
    expect(shown[key]!.connections, `connections of ${key}`).toBeLessThanOrEqual(account.connections);
    for (const direction of ["input", "output"] as const) {
      const least = shown[key]![direction];
      expect(least, `${direction} of ${key}`).toBeLessThanOrEqual(account[direction]);
      const most = least + (uncertain[key]?.[direction] ?? 0);
      expect(most, `${direction} of ${key}, with what is uncertain`).toBeGreaterThanOrEqual(account[direction]);
    }
  }
}

/** Waits until what is shown is exactly what the books say. */
export async function expectBalanced(
  shown: ShowsAccounts,
  books: ShowsAccounts,
  timeoutMs = 8 * PERIOD_MS,
): Promise<void> {
  await vi.waitFor(async () => expect(await shown.accounts()).toEqual(await books.accounts()), {
    timeout: timeoutMs,
    interval: 100,
  });
}

/** As `expectBalanced`, and that it still is so when GOST has had two more periods to report something twice. */
export async function expectSettled(
  shown: ShowsAccounts,
  books: ShowsAccounts,
  timeoutMs = 8 * PERIOD_MS,
): Promise<void> {
  await expectBalanced(shown, books, timeoutMs);
  await sleep(2.2 * PERIOD_MS);
  expect(await shown.accounts()).toEqual(await books.accounts());
}

/** The same accounts without open connections, of which an instance that ended or was replaced need not tell the last. */
export function withoutActive(shown: ShowsAccounts): ShowsAccounts {
  return changed(shown, (key, account) => [key, { ...account, active: 0 }]);
}

/** The bytes alone. */
export function bytesOf(shown: ShowsAccounts): ShowsAccounts {
  return changed(shown, (key, { input, output }) => [key, { ...EMPTY_ACCOUNT, input, output }]);
}

/** The accounts of one level. */
export function only(level: "services" | "clients", shown: ShowsAccounts): ShowsAccounts {
  const words = level === "services" ? 2 : 3;
  return changed(shown, (key, account) => (key.split(" ").length === words ? [key, account] : undefined));
}

function changed(
  shown: ShowsAccounts,
  change: (key: string, account: Account) => [string, Account] | undefined,
): ShowsAccounts {
  return {
    async accounts() {
      const accounts = Object.entries(await shown.accounts());
      return Object.fromEntries(accounts.map((entry) => change(...entry)).filter((entry) => entry !== undefined));
    },
  };
}

export function sortedAccounts(accounts: ReadonlyMap<string, Account>): Accounts {
  return Object.fromEntries([...accounts].sort(([left], [right]) => (left < right ? -1 : 1)));
}
