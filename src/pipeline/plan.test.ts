import { describe, expect, it } from "vitest";
import { fakeWorld } from "../../test/support/fake-components.ts";
import type { ComponentKind } from "../component/id.ts";
import { allDefinitions } from "../component/registry.ts";
import type { Signal } from "../model/signal.ts";
import { type PlanPipeline, planGraph } from "./plan.ts";

const definitions = await allDefinitions(fakeWorld().registry);

/** `metrics/a: in, in/2 -> change, pass -> out` */
function pipeline(text: string): PlanPipeline {
  const [id, rest] = text.split(": ") as [string, string];
  const parts = rest.split(" -> ").map((part) => part.split(", ").filter((name) => name !== "-"));
  const signal = id.split("/")[0] as Signal;
  return { id, signal, receivers: parts[0]!, processors: parts.length > 2 ? parts[1]! : [], exporters: parts.at(-1)! };
}

function plan(pipelines: readonly string[], extensions: readonly string[] = []) {
  return planGraph({
    pipelines: pipelines.map(pipeline),
    extensions,
    definition: (kind: ComponentKind, id: string) =>
      definitions.find((found) => found.kind === kind && found.type === id.split("/")[0]),
  });
}

function nodes(pipelines: readonly string[], extensions?: readonly string[]) {
  const planned = plan(pipelines, extensions);
  if ("problems" in planned) throw new Error(JSON.stringify(planned.problems));
  return planned.plan.nodes;
}

function problems(pipelines: readonly string[], extensions?: readonly string[]): readonly string[] {
  const planned = plan(pipelines, extensions);
  return "problems" in planned ? planned.problems.map(({ code, message }) => `${code}: ${message}`) : [];
}

describe("planning what exporters hand to each other", () => {
  const feeds: Readonly<Record<string, readonly string[]>> = { out: ["out/dead"], "out/dead": ["out/last"] };
  const spec = {
    extensions: [],
    feeds: (id: string) => feeds[id] ?? [],
    definition: (kind: ComponentKind, id: string) =>
      definitions.find((found) => found.kind === kind && found.type === id.split("/")[0]),
  };

  it("starts those first that are fed, with the signals of their feeders, though no pipeline names them", () => {
    const planned = planGraph({ ...spec, pipelines: ["metrics: in -> out", "logs: in -> out/dead"].map(pipeline) });
    if ("problems" in planned) throw new Error(JSON.stringify(planned.problems));
    expect(planned.plan.nodes.map(({ key, takes, pipelines }) => `${key}: ${takes} ${pipelines}`)).toEqual([
      "exporter:out/last: logs,metrics ",
      "exporter:out/dead: logs,metrics logs",
      "exporter:out: metrics metrics",
      "receiver:in:  metrics,logs",
    ]);
  });

  it("finds a circle", () => {
    const circle = { ...spec, feeds: (id: string) => [id === "out" ? "out/2" : "out"] };
    const planned = planGraph({ ...circle, pipelines: [pipeline("metrics: in -> out")] });
    expect(planned).toMatchObject({ problems: [{ code: "pipeline_cycle" }] });
  });
});

describe("planning a graph", () => {
  it("starts extensions, then exporters, then processors from the last to the first, and receivers last", () => {
    expect(nodes(["metrics: in -> change, pass -> out"], ["extra"]).map(({ key }) => key)).toEqual([
      "extension:extra",
      "exporter:out",
      "processor:pass@metrics",
      "processor:change@metrics",
      "receiver:in",
    ]);
  });

  it("has one instance for each id, but a processor for each pipeline", () => {
    const planned = nodes(["metrics: in -> pass -> out", "metrics/b: in -> pass -> out", "logs: in -> out"]);
    expect(planned.map(({ key, pipelines }) => `${key} ${pipelines}`)).toEqual([
      "exporter:out metrics,metrics/b,logs",
      "processor:pass@metrics metrics",
      "processor:pass@metrics/b metrics/b",
      "receiver:in metrics,metrics/b,logs",
    ]);
  });

  it("links each node to what takes its data, pipeline by pipeline", () => {
    const planned = nodes(["metrics: in -> change, pass -> out, out/2", "logs: in -> out"]);
    const links = Object.fromEntries(planned.map(({ key, links }) => [key, links]));
    expect(links["receiver:in"]).toEqual([
      { signal: "metrics", pipeline: "metrics", targets: ["processor:change@metrics"] },
      { signal: "logs", pipeline: "logs", targets: ["exporter:out"] },
    ]);
    expect(links["processor:change@metrics"]![0]!.targets).toEqual(["processor:pass@metrics"]);
    expect(links["processor:pass@metrics"]![0]!.targets).toEqual(["exporter:out", "exporter:out/2"]);
  });

  it("puts a connector between the pipelines that it joins", () => {
    const planned = nodes(["traces: in -> join", "metrics: join -> pass -> out"]);
    expect(planned.map(({ key }) => key)).toEqual([
      "exporter:out",
      "processor:pass@metrics",
      "connector:join",
      "receiver:in",
    ]);
    expect(planned[2]!.links).toEqual([
      { signal: "metrics", pipeline: "metrics", targets: ["processor:pass@metrics"] },
    ]);
  });

  it("orders a chain of connectors by what they send to", () => {
    const chain = ["metrics/1: in -> join/1", "metrics/2: join/1 -> join/2", "metrics/3: join/2 -> out"];
    expect(nodes(chain).map(({ id }) => id)).toEqual(["out", "join/2", "join/1", "in"]);
  });

  it.each([
    [["metrics: in -> nothing"], "unknown_component: pipeline metrics names exporter nothing, which is not configured"],
    [
      ["metrics: nothing -> out"],
      "unknown_component: pipeline metrics names receiver nothing, which is not configured",
    ],
    [["metrics: - -> out"], "empty_pipeline: pipeline metrics needs at least one receiver and one exporter"],
    [["metrics: in -> pass, pass -> out"], "duplicate_reference: pipeline metrics names processor pass twice"],
    [["metrics: in -> join"], "connector_one_sided: connector join is not named as a receiver of any pipeline"],
    [
      ["metrics: in -> join", "traces: join -> out"],
      "signal_not_supported: connector join has no route for metrics at pipeline metrics",
    ],
    [
      ["metrics/a: in, join/2 -> join/1", "metrics/b: join/1 -> join/2"],
      "pipeline_cycle: the connectors lead in a circle: join/1 -> join/2 -> join/1",
    ],
  ])("says what is wrong with %j", (pipelines, problem) => {
    expect(problems(pipelines)).toContain(problem);
  });

  it("names an extension that is not configured", () => {
    expect(problems(["metrics: in -> out"], ["nothing"])).toEqual([
      "unknown_component: service names extension nothing, which is not configured",
    ]);
  });
});
