import { createServer } from "node:http";
import { type Account, type Accounts, EMPTY_ACCOUNT, type ShowsAccounts, sortedAccounts } from "./books.ts";
import { listen } from "./origin.ts";
import { type ReportedEvent, reportOfJson } from "./reports.ts";

/** An observer over HTTP that keeps reports as they come and adds them up by hand: what GOST says without gostcol. */
export interface RecordingObserver extends ShowsAccounts {
  readonly port: number;
  /** The states of a service in the order in which they were reported. */
  states(service: string): string[];
}

/** `delta`: GOST resets its byte counters for each report. Nodes are told apart by `?node=`. */
export async function startRecordingObserver(mode: "cumulative" | "delta"): Promise<RecordingObserver> {
  const accounts = new Map<string, Account>();
  const statuses: ReportedEvent[] = [];

  const take = (node: string | null, event: ReportedEvent) => {
    if (!event.stats) {
      statuses.push(event);
      return;
    }
    const key = [node, event.service, ...(event.client === undefined ? [] : [event.client])].join(" ");
    const before = mode === "delta" ? (accounts.get(key) ?? EMPTY_ACCOUNT) : EMPTY_ACCOUNT;
    accounts.set(key, {
      connections: event.stats.totalConns,
      active: event.stats.currentConns,
      input: before.input + event.stats.inputBytes,
      output: before.output + event.stats.outputBytes,
      errors: event.stats.totalErrs,
    });
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const report = reportOfJson(Buffer.concat(chunks).toString());
      const node = new URL(request.url!, "http://observer").searchParams.get("node");
      for (const event of report.events) take(node, event);
      response.end('{"ok":true}');
    });
  });
  const port = await listen(server);
  return {
    port,
    accounts: async (): Promise<Accounts> => sortedAccounts(accounts),
    states: (service) => statuses.filter((event) => event.service === service).map(({ status }) => status!.state),
  };
}
