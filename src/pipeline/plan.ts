import type { AnyDefinition } from "../component/define.ts";
import type { ComponentKind } from "../component/id.ts";
import type { Signal } from "../model/signal.ts";

/** What an agent is to consist of, without any component's own configuration. */
export interface PlanSpec {
  readonly pipelines: readonly PlanPipeline[];
  /** Ids, in the order in which they start. */
  readonly extensions: readonly string[];
  /** What is behind an id; undefined where nothing is configured under it. */
  definition(kind: ComponentKind, id: string): AnyDefinition | undefined;
  /** The exporters that an exporter hands data to, besides what its pipelines are. */
  feeds?(exporter: string): readonly string[];
}

export interface PlanPipeline {
  readonly id: string;
  readonly signal: Signal;
  readonly receivers: readonly string[];
  readonly processors: readonly string[];
  readonly exporters: readonly string[];
}

/** Every instance, in the order in which they start: whatever an instance sends to stands before it. */
export interface Plan {
  readonly nodes: readonly PlannedNode[];
}

export interface PlannedNode {
  /** Unique: `exporter:debug`, and for processors, which have an instance for each pipeline, `processor:dedupe@metrics`. */
  readonly key: string;
  readonly kind: ComponentKind;
  readonly id: string;
  /** The pipelines that it is a part of, in the order of the configuration; none for extensions and who is only fed. */
  readonly pipelines: readonly string[];
  /** The signals with which data reaches it; none for receivers and extensions. */
  readonly takes: readonly Signal[];
  /** Where it sends to: one link for each pipeline that it begins, or the one that it stands in; exporters: whom they feed. */
  readonly links: readonly Link[];
}

/** Everything that takes a batch of this signal when it is handed to this pipeline: one processor, or all exporters. */
export interface Link {
  readonly signal: Signal;
  /** Empty where no pipeline is between. */
  readonly pipeline: string;
  readonly targets: readonly string[];
}

export interface PlanProblem {
  readonly code:
    | "unknown_component"
    | "empty_pipeline"
    | "duplicate_reference"
    | "signal_not_supported"
    | "connector_one_sided"
    | "pipeline_cycle";
  readonly message: string;
}

export type Planned = { readonly plan: Plan } | { readonly problems: readonly PlanProblem[] };

/** Orders the graph, or says everything that is wrong with it. */
export function planGraph(spec: PlanSpec): Planned {
  const problems = [...referenceProblems(spec), ...connectorProblems(spec)];
  if (problems.length > 0) return { problems };
  const nodes = collectNodes(spec);
  const ordered: PlannedNode[] = [];
  const cycle = orderTargetsFirst(nodes, ordered);
  return cycle === undefined ? { plan: { nodes: ordered } } : { problems: [cycle] };
}

export function nodeKey(kind: ComponentKind, id: string, pipeline: string): string {
  return kind === "processor" ? `processor:${id}@${pipeline}` : `${kind}:${id}`;
}

function collectNodes(spec: PlanSpec): Map<string, PlannedNode> {
  const nodes = new Map<string, PlannedNode & { pipelines: string[]; takes: Signal[]; links: Link[] }>();
  const node = (kind: ComponentKind, id: string, pipeline: string) => {
    const key = nodeKey(kind, id, pipeline);
    const known = nodes.get(key) ?? { key, kind, id, pipelines: [], takes: [], links: [] };
    if (pipeline !== "" && !known.pipelines.includes(pipeline)) known.pipelines.push(pipeline);
    nodes.set(key, known);
    return known;
  };
  // The order of the insertions is the order of the start, as far as the links leave it open.
  for (const id of spec.extensions) node("extension", id, "");
  for (const pipeline of spec.pipelines) {
    for (const id of pipeline.exporters) {
      const { takes } = node(endKind(spec, "exporter", id), id, pipeline.id);
      if (!takes.includes(pipeline.signal)) takes.push(pipeline.signal);
    }
  }
  const feed = (sender: { readonly id: string; readonly takes: readonly Signal[] }) => {
    for (const id of spec.feeds?.(sender.id) ?? []) {
      const target = node("exporter", id, "");
      const more = sender.takes.filter((signal) => !target.takes.includes(signal));
      target.takes.push(...more);
      if (more.length > 0) feed(target);
    }
  };
  const exporters = () => [...nodes.values()].filter(({ kind }) => kind === "exporter");
  exporters().forEach(feed);
  for (const { id, takes, links } of exporters()) {
    const targets = (spec.feeds?.(id) ?? []).map((fed) => nodeKey("exporter", fed, ""));
    if (targets.length > 0) links.push(...takes.map((signal) => ({ signal, pipeline: "", targets })));
  }
  for (const { id: pipeline, signal, receivers, processors, exporters } of spec.pipelines) {
    let targets = exporters.map((id) => nodeKey(endKind(spec, "exporter", id), id, pipeline));
    for (const id of processors.toReversed()) {
      const processor = node("processor", id, pipeline);
      processor.takes.push(signal);
      processor.links.push({ signal, pipeline, targets });
      targets = [processor.key];
    }
    for (const id of receivers) {
      node(endKind(spec, "receiver", id), id, pipeline).links.push({ signal, pipeline, targets });
    }
  }
  return nodes;
}

/** Depth first, so that a connector comes after everything in the pipelines that it begins. */
function orderTargetsFirst(nodes: ReadonlyMap<string, PlannedNode>, ordered: PlannedNode[]): PlanProblem | undefined {
  const done = new Set<string>();
  const visit = (node: PlannedNode, trail: readonly PlannedNode[]): PlanProblem | undefined => {
    if (done.has(node.key)) return undefined;
    const start = trail.indexOf(node);
    if (start >= 0) return cycleProblem([...trail.slice(start), node]);
    for (const { targets } of node.links) {
      for (const target of targets) {
        const problem = visit(nodes.get(target)!, [...trail, node]);
        if (problem !== undefined) return problem;
      }
    }
    done.add(node.key);
    ordered.push(node);
    return undefined;
  };
  const rank: Record<ComponentKind, number> = { extension: 0, exporter: 1, connector: 2, processor: 3, receiver: 4 };
  for (const node of [...nodes.values()].sort((left, right) => rank[left.kind] - rank[right.kind])) {
    const problem = visit(node, []);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function cycleProblem(trail: readonly PlannedNode[]): PlanProblem {
  const path = trail.map((node) => (node.kind === "processor" ? node.key.slice("processor:".length) : node.id));
  return { code: "pipeline_cycle", message: `the connectors lead in a circle: ${path.join(" -> ")}` };
}

/** At either end of a pipeline an id may name a connector as well. */
function endKind(spec: PlanSpec, kind: "receiver" | "exporter", id: string): ComponentKind {
  return spec.definition(kind, id) === undefined && spec.definition("connector", id) !== undefined ? "connector" : kind;
}

function* referenceProblems(spec: PlanSpec): Iterable<PlanProblem> {
  for (const id of spec.extensions) {
    if (spec.definition("extension", id) === undefined) yield unknown("extension", id, "service");
  }
  for (const { id: pipeline, signal, receivers, processors, exporters } of spec.pipelines) {
    if (receivers.length === 0 || exporters.length === 0) {
      const message = `pipeline ${pipeline} needs at least one receiver and one exporter`;
      yield { code: "empty_pipeline", message };
    }
    const places = [
      ["receiver", receivers],
      ["processor", processors],
      ["exporter", exporters],
    ] as const;
    for (const [place, ids] of places) {
      const repeated = ids.find((id, index) => ids.indexOf(id) !== index);
      if (repeated !== undefined) {
        yield { code: "duplicate_reference", message: `pipeline ${pipeline} names ${place} ${repeated} twice` };
      }
      for (const id of ids) {
        const kind = place === "processor" ? place : endKind(spec, place, id);
        const definition = spec.definition(kind, id);
        if (definition === undefined) yield unknown(place, id, `pipeline ${pipeline}`);
        else if ("signals" in definition && definition.signals[signal] === undefined) {
          const message = `${place} ${id} does not take part in ${signal}, but pipeline ${pipeline} names it`;
          yield { code: "signal_not_supported", message };
        }
      }
    }
  }
}

/** Each end that a connector is at must have a partner that it has a route to, or from. */
function* connectorProblems(spec: PlanSpec): Iterable<PlanProblem> {
  const ids = new Set(spec.pipelines.flatMap(({ receivers, exporters }) => [...receivers, ...exporters]));
  for (const id of ids) {
    const definition = spec.definition("connector", id);
    if (definition?.kind !== "connector") continue;
    const ended = spec.pipelines.filter(({ exporters }) => exporters.includes(id));
    const begun = spec.pipelines.filter(({ receivers }) => receivers.includes(id));
    if (ended.length === 0 || begun.length === 0) {
      const missing = ended.length === 0 ? "an exporter" : "a receiver";
      yield { code: "connector_one_sided", message: `connector ${id} is not named as ${missing} of any pipeline` };
      continue;
    }
    const joined = (from: Signal, to: Signal) =>
      definition.routes.some((route) => route.from === from && route.to === to);
    for (const pipeline of ended) {
      if (!begun.some((other) => joined(pipeline.signal, other.signal))) yield unrouted(id, pipeline);
    }
    for (const pipeline of begun) {
      if (!ended.some((other) => joined(other.signal, pipeline.signal))) yield unrouted(id, pipeline);
    }
  }
}

function unrouted(id: string, { id: pipeline, signal }: PlanPipeline): PlanProblem {
  const message = `connector ${id} has no route for ${signal} at pipeline ${pipeline}`;
  return { code: "signal_not_supported", message };
}

function unknown(kind: ComponentKind, id: string, where: string): PlanProblem {
  return { code: "unknown_component", message: `${where} names ${kind} ${id}, which is not configured` };
}
