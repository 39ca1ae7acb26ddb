import { nearest } from "../lib/nearest.ts";
import type { Signal } from "../model/signal.ts";
import type { CheckContext, Declared, DeclaredByKind } from "./check-components.ts";
import type { CheckedService } from "./check-service.ts";
import { error } from "./finding.ts";
import { oneOf } from "./schema-issues.ts";
import type { Range } from "./source.ts";
import { rangeAt } from "./tree.ts";

/** An exporter in use that hands data to another one (dead letters), and the signals of what it may hand on. */
interface Feed {
  readonly from: Declared;
  readonly id: string;
  readonly range: Range;
  /** Undefined where there is no such exporter. */
  readonly to: Declared | undefined;
  readonly signals: ReadonlySet<Signal>;
}

/** Checks what exporters hand to each other: that it is there, that it takes their signals, and that it comes to an end. */
export function checkFeeds(declared: DeclaredByKind, service: CheckedService, context: CheckContext): void {
  const feeds = feedsInUse(declared, service, context);
  const { byId, known } = declared.exporter;
  for (const { from, id, range, to, signals } of feeds) {
    const what = `the exporter ${from.text}`;
    if (to === undefined && known) {
      const suggestion = nearest(id, byId.keys());
      const message = `${what} refers to the exporter ${id}, which is not defined`;
      context.report(error("undefined_reference", range, message, { expected: oneOf([...byId.keys()]), suggestion }));
    }
    const definition = to?.definition;
    if (definition?.kind !== "exporter") continue;
    const missing = [...signals].filter((signal) => definition.signals[signal] === undefined);
    if (missing.length === 0) continue;
    const message = `${what} would hand ${missing.join(" and ")} to the exporter ${id}, which does not take them`;
    context.report(
      error("unsupported_signal", range, message, { expected: `an exporter of ${missing.join(" and ")}` }),
    );
  }
  reportCycles(feeds, context);
}

/** The exporters that others hand data to, whether or not a pipeline names them. */
export function fedExporters(
  declared: DeclaredByKind,
  service: CheckedService,
  context: CheckContext,
): ReadonlySet<Declared> {
  return new Set(feedsInUse(declared, service, context).flatMap(({ to }) => to ?? []));
}

function feedsInUse({ exporter }: DeclaredByKind, service: CheckedService, { root }: CheckContext): readonly Feed[] {
  const feeds: Feed[] = [];
  const walk = (from: Declared, signals: ReadonlySet<Signal>, trail: readonly Declared[]) => {
    const { component } = from;
    if (component?.definition.kind !== "exporter" || trail.includes(from)) return;
    for (const { exporter: id, path } of component.definition.feeds?.(component.config) ?? []) {
      const to = exporter.byId.get(id);
      feeds.push({ from, id, range: rangeAt(root, ["exporters", from.text, ...path]), to, signals });
      if (to !== undefined) walk(to, signals, [...trail, from]);
    }
  };
  for (const [from, signals] of exportersInPipelines(service)) walk(from, signals, []);
  return feeds;
}

function exportersInPipelines({ pipelines }: CheckedService): ReadonlyMap<Declared, ReadonlySet<Signal>> {
  const signalsOf = new Map<Declared, Set<Signal>>();
  for (const { signal, references } of pipelines) {
    for (const { declared } of references) {
      if (declared?.kind !== "exporter") continue;
      signalsOf.set(declared, (signalsOf.get(declared) ?? new Set()).add(signal));
    }
  }
  return signalsOf;
}

/** Each cycle once, with its whole path. */
function reportCycles(feeds: readonly Feed[], { report }: CheckContext): void {
  const told = new Set<Declared>();
  for (const { from } of feeds) {
    const trail = [from];
    let step = feeds.find((feed) => feed.from === from);
    while (step?.to !== undefined && !trail.includes(step.to)) {
      const { to } = step;
      trail.push(to);
      step = feeds.find((feed) => feed.from === to);
    }
    if (step?.to !== from || trail.some((each) => told.has(each))) continue;
    for (const each of trail) told.add(each);
    const path = [...trail, from].map(({ text }) => text).join(" -> ");
    report(error("cycle", step.range, `exporters hand data to each other in a circle: ${path}`));
  }
}
