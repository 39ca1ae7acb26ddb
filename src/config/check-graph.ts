import type { Signal } from "../model/signal.ts";
import type { CheckContext, Declared, DeclaredByKind } from "./check-components.ts";
import { checkFeeds } from "./check-feeds.ts";
import type { CheckedService, WrittenPipeline } from "./check-service.ts";
import { error, type Finding, warning } from "./finding.ts";
import type { Range } from "./source.ts";

/** Checks how components hang together: ids that could mean two things, connectors, cycles and the order of processors. */
export function checkGraph(declared: DeclaredByKind, service: CheckedService, context: CheckContext): void {
  [
    ...ambiguousIds(declared),
    ...oneSidedConnectors(service.pipelines),
    ...cycles(service.pipelines),
    ...misplacedProcessors(service.pipelines),
  ].forEach(context.report);
  checkFeeds(declared, service, context);
}

/** A connector stands in the same lists as receivers and exporters, so it cannot share an id with one. */
function ambiguousIds({ connector, receiver, exporter }: DeclaredByKind): readonly Finding[] {
  return [...connector.byId.values()].flatMap(({ text, key }) =>
    [receiver.byId.get(text), exporter.byId.get(text)].flatMap((other) =>
      other
        ? [
            error("ambiguous_id", key, `${text} is both a connector and a ${other.kind}`, {
              expected: `another name for one of them: ${text}/2`,
            }),
          ]
        : [],
    ),
  );
}

interface Use {
  readonly connector: Declared;
  readonly pipeline: WrittenPipeline;
  readonly range: Range;
}

function uses(pipelines: readonly WrittenPipeline[], role: "receivers" | "exporters"): readonly Use[] {
  return pipelines.flatMap((pipeline) =>
    pipeline.references.flatMap(({ declared, range, ...reference }) =>
      reference.role === role && declared?.kind === "connector" ? [{ connector: declared, pipeline, range }] : [],
    ),
  );
}

/** Whether the connector takes data from a pipeline of one signal to one of the other. */
function connects(connector: Declared, from: Signal, to: Signal): boolean {
  return routesOf(connector).some((route) => route.from === from && route.to === to);
}

/** What goes into a connector must come out somewhere, and the other way round, of a signal that it can make. */
function oneSidedConnectors(pipelines: readonly WrittenPipeline[]): readonly Finding[] {
  const all = { ends: uses(pipelines, "exporters"), begins: uses(pipelines, "receivers") };
  // A connector in a pipeline whose signal it does not take is reported as that.
  const misused = [...all.ends.filter((use) => !canEnd(use)), ...all.begins.filter((use) => !canBegin(use))];
  const isWell = ({ connector }: Use) => !misused.some((use) => use.connector === connector);
  const ends = all.ends.filter(isWell);
  const begins = all.begins.filter(isWell);
  const lonelyEnds = ends.filter(
    ({ connector, pipeline }) =>
      !begins.some(
        (other) => other.connector === connector && connects(connector, pipeline.signal, other.pipeline.signal),
      ),
  );
  const lonelyBegins = begins.filter(
    ({ connector, pipeline }) =>
      !ends.some(
        (other) => other.connector === connector && connects(connector, other.pipeline.signal, pipeline.signal),
      ),
  );
  return [
    ...lonelyEnds.map(({ connector, pipeline, range }) =>
      error(
        "connector_one_sided",
        range,
        `the connector ${connector.text} ends the pipeline ${pipeline.id} and begins none that it could feed`,
        {
          expected: `${connector.text} among the receivers of another pipeline`,
        },
      ),
    ),
    ...lonelyBegins.map(({ connector, pipeline, range }) =>
      error(
        "connector_one_sided",
        range,
        `the connector ${connector.text} begins the pipeline ${pipeline.id} and ends none that could feed it`,
        {
          expected: `${connector.text} among the exporters of another pipeline`,
        },
      ),
    ),
  ];
}

const routesOf = ({ definition }: Declared) => (definition?.kind === "connector" ? definition.routes : []);
const canEnd = ({ connector, pipeline }: Use) => routesOf(connector).some(({ from }) => from === pipeline.signal);
const canBegin = ({ connector, pipeline }: Use) => routesOf(connector).some(({ to }) => to === pipeline.signal);

interface Edge {
  readonly to: WrittenPipeline;
  readonly connector: Declared;
  /** Where the connector stands as an exporter. */
  readonly range: Range;
}

/** Pipelines that feed themselves through connectors: each cycle once, with its whole path. */
function cycles(pipelines: readonly WrittenPipeline[]): readonly Finding[] {
  const begins = uses(pipelines, "receivers");
  const edges = new Map<WrittenPipeline, Edge[]>(pipelines.map((pipeline) => [pipeline, []]));
  for (const { connector, pipeline, range } of uses(pipelines, "exporters")) {
    for (const begin of begins) {
      if (begin.connector === connector && connects(connector, pipeline.signal, begin.pipeline.signal)) {
        edges.get(pipeline)!.push({ to: begin.pipeline, connector, range });
      }
    }
  }
  const findings: Finding[] = [];
  const done = new Set<WrittenPipeline>();
  const walk = (
    pipeline: WrittenPipeline,
    trail: readonly { readonly from: WrittenPipeline; readonly edge: Edge }[],
  ): void => {
    const start = trail.findIndex(({ from }) => from === pipeline);
    if (start !== -1) {
      findings.push(cycleFinding(trail.slice(start)));
      return;
    }
    if (done.has(pipeline)) return;
    for (const edge of edges.get(pipeline)!) walk(edge.to, [...trail, { from: pipeline, edge }]);
    done.add(pipeline);
  };
  for (const pipeline of pipelines) walk(pipeline, []);
  return findings;
}

function cycleFinding(trail: readonly { readonly from: WrittenPipeline; readonly edge: Edge }[]): Finding {
  const steps = trail.map(({ from, edge }) => `${from.id} -> ${edge.connector.text} -> `).join("");
  return error("cycle", trail.at(-1)!.edge.range, `pipelines feed themselves: ${steps}${trail[0]!.from.id}`);
}

function misplacedProcessors(pipelines: readonly WrittenPipeline[]): readonly Finding[] {
  return pipelines.flatMap(({ id, references }) => {
    const processors = references.filter(({ role }) => role === "processors");
    const receivers = references.filter(({ role }) => role === "receivers");
    const matters = (receiver: string | undefined) =>
      receiver === undefined || receivers.some(({ declared }) => declared?.definition?.type === receiver);
    return processors.flatMap(({ declared, id: processor, range }, index) => {
      const definition = declared?.definition;
      if (definition?.kind !== "processor") return [];
      return (definition.order ?? []).flatMap(({ before, receiver, because }) => {
        if (!matters(receiver)) return [];
        const other = processors.slice(0, index).find(({ declared: earlier }) => {
          const type = earlier?.definition?.type;
          return type !== undefined && type !== definition.type && (before === "*" || type === before);
        });
        if (other === undefined) return [];
        const message = `in the pipeline ${id} ${processor} comes after ${other.id}: ${because}`;
        return [warning("processor_order", range, message, { expected: `${processor} before ${other.id}` })];
      });
    });
  });
}
