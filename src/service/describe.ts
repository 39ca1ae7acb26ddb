import type { CheckedConfig } from "../config/checked-config.ts";
import { endpointText } from "../kit/fields.ts";
import type { Agent } from "./agent.ts";
import { planOf } from "./plan-of.ts";
import type { TallyLine } from "./tally.ts";

/** What a person wants to know of an agent that has just started: a line each. */
export function describeAgent(agent: Agent): readonly string[] {
  const { config } = agent;
  return [
    ...agent.listeners.map(({ component, ...place }) =>
      component === "agent"
        ? `own metrics: http://${endpointText(place)}/metrics`
        : `${component.replace(":", " ")} listens on ${endpointText(place)}`,
    ),
    ...[...config.service.pipelines.values()].map(
      ({ id, receivers, processors, exporters }) =>
        `pipeline ${id}: ${[receivers.join(", "), ...processors, exporters.join(", ")].join(" -> ")}`,
    ),
    ...feedLines(config),
    stateText(agent.store),
    ...holdingInMemory(config).map((id) => `processor ${id} holds items in memory: a kill loses what it holds`),
  ];
}

/** `exporter otlp_http feeds file/dead`: a line for each exporter that hands data (dead letters) to another one. */
export function feedLines(config: CheckedConfig): readonly string[] {
  const feeding = planOf(config).nodes.filter(({ kind, links }) => kind === "exporter" && links.length > 0);
  return feeding.map(({ id, links: [first] }) => {
    const fed = first!.targets.map((key) => key.slice("exporter:".length));
    return `exporter ${id} feeds ${fed.join(", ")}`;
  });
}

/** What to write where so that data arrives, by receiver. */
export function receiverHints(config: CheckedConfig): readonly { readonly receiver: string; readonly hint: string }[] {
  const used = new Set([...config.service.pipelines.values()].flatMap(({ receivers }) => receivers));
  return [...used].flatMap((receiver) => {
    const configured = config.receivers.get(receiver);
    const definition = configured?.definition;
    if (definition?.kind !== "receiver" || definition.hint === undefined) return [];
    return [{ receiver, hint: definition.hint(configured!.config) }];
  });
}

/** The books as a table: `in = out + dropped`, and what is in no column did not happen. */
export function tallyText(lines: readonly TallyLine[]): string {
  const rows = lines.map(({ kind, id, incoming, outgoing, dropped, added, refused }) => {
    const rest = { dropped, added, refused };
    const more = Object.entries(rest).filter(([, count]) => count > 0);
    return [`${kind} ${id}`, `in ${incoming}`, `out ${outgoing}`, ...more.map(([name, count]) => `${name} ${count}`)];
  });
  const width = (column: number) => Math.max(0, ...rows.map((row) => row[column]!.length));
  const widths = [width(0), width(1), width(2)];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function stateText({ durable, place }: Agent["store"]): string {
  if (!durable) return "state: in memory, so totals end with the process";
  return place === undefined ? "state: durable" : `state: in ${place}`;
}

function holdingInMemory({ service, processors }: CheckedConfig): readonly string[] {
  const used = new Set([...service.pipelines.values()].flatMap((pipeline) => pipeline.processors));
  return [...used].filter((id) => {
    const definition = processors.get(id)?.definition;
    return definition?.kind === "processor" && definition.holds === "memory";
  });
}
