import { type Account, type Accounts, EMPTY_ACCOUNT, sortedAccounts } from "./books.ts";
import type { Report, ReportedEvent } from "./reports.ts";

/**
 * What GOST reported and gostcol answered with success, added up by somebody who knows which instance of a service each
 * report came from. It is the truth where GOST loses what it had not reported: at its death, and at handler level what
 * open connections move after a reload.
 */
export class Ledger {
  readonly #node: string;
  readonly #mode: "cumulative" | "delta";
  /** The last values of each instance, bytes added up where they are deltas. */
  readonly #instances: Map<string, Account>[] = [];

  constructor(node: string, mode: "cumulative" | "delta") {
    this.#node = node;
    this.#mode = mode;
  }

  /** Where the reports of one more instance of all services go; nothing else may report there, and nothing twice. */
  instance(): (report: Report) => void {
    const accounts = new Map<string, Account>();
    this.#instances.push(accounts);
    return ({ events }) => {
      for (const event of events) this.#take(accounts, event);
    };
  }

  /** Without open connections: nobody knows of those that an old instance does not report. */
  accounts(): Accounts {
    const sums = new Map<string, Account>();
    for (const accounts of this.#instances) {
      for (const [key, account] of accounts) {
        const { connections, input, output, errors } = sums.get(key) ?? EMPTY_ACCOUNT;
        sums.set(key, {
          connections: connections + account.connections,
          active: 0,
          input: input + account.input,
          output: output + account.output,
          errors: errors + account.errors,
        });
      }
    }
    return sortedAccounts(sums);
  }

  #take(accounts: Map<string, Account>, { kind, service, client, stats }: ReportedEvent): void {
    if (!stats) return;
    const key = [this.#node, service, ...(kind === "service" ? [] : [client])].join(" ");
    const before = this.#mode === "delta" ? (accounts.get(key) ?? EMPTY_ACCOUNT) : EMPTY_ACCOUNT;
    accounts.set(key, {
      connections: stats.totalConns,
      active: stats.currentConns,
      input: before.input + stats.inputBytes,
      output: before.output + stats.outputBytes,
      errors: stats.totalErrs,
    });
  }
}
