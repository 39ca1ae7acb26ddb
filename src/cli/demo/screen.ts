import type { ClientTotals, Comparison, LevelComparison } from "./comparison.ts";

export interface ScreenFacts {
  readonly comparison: Comparison;
  readonly restarts: number;
  readonly lostAnswers: number;
  readonly metricsUrl: string;
}

/** What the demo shows: the totals, whether they are right, and what was done to make them wrong. No line is wide. */
export function screen({ comparison, restarts, lostAnswers, metricsUrl }: ScreenFacts): string {
  const { clients, levels, difference } = comparison;
  // Both levels see the same bytes: one of them says how much is missing.
  const { movedBytes, reportedBytes, lostBytes } = levels.find(({ level }) => level === "service")!;
  return [
    ...table(["client", "on"], ["upload bytes", "download bytes", "connections"], clients.map(clientRow)),
    "",
    ...table(["all bytes of"], ["counted", "reported by GOST", "difference"], levels.map(levelRow)),
    "",
    `Difference, every single total compared: ${grouped(difference)}`,
    `Thrown at it: ${counted(restarts, "restart")} of GOST by SIGKILL, ${counted(lostAnswers, "lost answer")} (reports sent again)`,
    `Never reported: ${grouped(lostBytes)} bytes died with a killed GOST; ${grouped(movedBytes - reportedBytes - lostBytes)} wait for their report`,
    `See for yourself: curl ${metricsUrl}`,
  ].join("\n");
}

/** How to have the same with a real GOST that sends its reports to `endpoint`. */
export function gostSnippet(endpoint: string): string {
  return `\
services:
  - name: web
    addr: ":8080"
    observer: gostcol                     # the whole service, on the wire
    metadata: { enableStats: true, observer.resetTraffic: true }
    handler:
      type: http
      auther: users                       # who logs in is counted as a client of that name
      observer: gostcol
      metadata: { observer.resetTraffic: true }
    listener: { type: tcp }
authers:
  - name: users
    auths: [{ username: alice, password: change-me }]
observers:
  - name: gostcol
    plugin:
      type: http                          # grpc falls silent when GOST reloads
      addr: http://${endpoint}/observer?node=edge-1&temporality=delta
      timeout: 5s                         # else GOST waits for an answer for ever`;
}

const clientRow = ({ client, nodes, receivedBytes, transmittedBytes, connections }: ClientTotals): Row => ({
  texts: [client, nodes],
  numbers: [receivedBytes, transmittedBytes, connections],
});

const levelRow = ({ level, countedBytes, reportedBytes }: LevelComparison): Row => ({
  texts: [level === "service" ? "services (on the wire)" : "clients (relayed)"],
  numbers: [countedBytes, reportedBytes, countedBytes - reportedBytes],
});

const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;

const grouped = (value: number) => value.toLocaleString("en-US");

interface Row {
  readonly texts: readonly string[];
  readonly numbers: readonly number[];
}

/** Lines with texts to the left and numbers to the right of their columns. */
function table(texts: readonly string[], numbers: readonly string[], rows: readonly Row[]): string[] {
  const lines = [[...texts, ...numbers], ...rows.map((row) => [...row.texts, ...row.numbers.map(grouped)])];
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const aligned = (cell: string, column: number) =>
    column < texts.length ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!);
  return lines.map((line) => line.map(aligned).join("   ").trimEnd());
}
