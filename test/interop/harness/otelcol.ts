import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { peerPath } from "./peers.ts";
import { freePort } from "./ports.ts";
import { runToEnd, startProcess } from "./process.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** What the Collector's `filter` processor makes of conditions: which section of it they stand in, and the data they are asked about. */
export interface FilterQuestion {
  /** The path of the processor's option, for example `["metrics", "datapoint"]`. */
  readonly section: readonly [string, string];
  readonly conditions: readonly string[];
  /** An export request in OTLP's JSON. */
  readonly payload: unknown;
  /** How to tell the items that are left in an exported request. */
  idsOf(exported: unknown): readonly string[];
  readonly ids: readonly string[];
}

export type Verdict = "true" | "false" | "error";

/**
 * What the Collector says of every item, condition by condition. Each condition is asked twice, the second time negated:
 * an item that neither drops made the condition fail.
 */
export async function askFilter(question: FilterQuestion): Promise<ReadonlyMap<string, Verdict>[]> {
  const { section, conditions, payload, idsOf, ids } = question;
  const folder = await temporaryFolder("otelcol");
  const port = await freePort();
  const signal = section[0];
  const branches = conditions.flatMap((condition) => [condition, `not (${condition})`]);
  const entries = <T>(kind: string, make: (branch: string, index: number) => T) =>
    Object.fromEntries(branches.map((branch, index) => [`${kind}/${index}`, make(branch, index)]));
  const config = {
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
    processors: entries("filter", (branch) => ({
      error_mode: "silent",
      [signal]: { [section[1]]: [branch] },
    })),
    // Where it rotates it writes before it answers; else it does when it ends, unless a signal comes too early for it.
    exporters: entries("file", (_, index) => ({ path: join(folder, `${index}.json`), rotation: {} })),
    service: {
      telemetry: { metrics: { level: "none" }, logs: { level: "error" } },
      pipelines: entries(signal, (_, index) => ({
        receivers: ["otlp"],
        processors: [`filter/${index}`],
        exporters: [`file/${index}`],
      })),
    },
  };
  const file = join(folder, "config.json");
  await writeFile(file, escapeDollars(JSON.stringify(config)));
  const url = `http://127.0.0.1:${port}/v1/${signal}`;
  const running = await startProcess(
    { name: "otelcol", program: peerPath("otelcol"), args: ["--config", file], folder },
    async () => (await fetch(url, { method: "GET" })).status === 405,
  );
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(payload),
  });
  if (!response.ok) throw new Error(`the Collector answered ${response.status}: ${await response.text()}`);
  await running.end("SIGTERM");
  const left = await Promise.all(
    branches.map(async (_, index) => {
      const text = await readFile(join(folder, `${index}.json`), "utf8").catch(() => ""); // All were dropped.
      const lines = text.split("\n").filter((line) => line !== "");
      return new Set(lines.flatMap((line) => idsOf(JSON.parse(line))));
    }),
  );
  return conditions.map((_, index) => {
    const [plain, negated] = [left[2 * index]!, left[2 * index + 1]!];
    const verdictOf = (id: string): Verdict => {
      if (plain.has(id)) return negated.has(id) ? "error" : "false";
      return "true";
    };
    return new Map(ids.map((id) => [id, verdictOf(id)]));
  });
}

/** Which of the conditions the Collector refuses to start with, and what it says of them. */
export async function refusedConditions(
  section: readonly [string, string],
  conditions: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const folder = await temporaryFolder("otelcol");
  const file = join(folder, "config.json");
  const processors = Object.fromEntries(
    conditions.map((condition, index) => [`filter/${index}`, { [section[0]]: { [section[1]]: [condition] } }]),
  );
  const config = {
    receivers: { otlp: { protocols: { http: {} } } },
    processors,
    exporters: { nop: {} },
    service: { pipelines: { [section[0]]: { receivers: ["otlp"], exporters: ["nop"] } } },
  };
  await writeFile(file, escapeDollars(JSON.stringify(config)));
  const { stderr, stdout } = await runToEnd({
    name: "otelcol",
    program: peerPath("otelcol"),
    args: ["validate", "--config", file],
    folder,
  });
  const said = new Map<string, string>();
  for (const [, index, text] of `${stdout}${stderr}`.matchAll(/processors::filter\/(\d+): (.*)/g)) {
    said.set(conditions[Number(index)]!, text!);
  }
  return said;
}

/** The Collector takes `$` for the beginning of a reference. */
const escapeDollars = (text: string): string => text.replaceAll("$", "$$$$");
