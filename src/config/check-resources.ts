import type { OwnedResource } from "../component/define.ts";
import { hostsMeet, isLoopback } from "../lib/host.ts";
import type { CheckContext, Declared, DeclaredByKind } from "./check-components.ts";
import { fedExporters } from "./check-feeds.ts";
import type { CheckedService } from "./check-service.ts";
import { error, type Finding, warning } from "./finding.ts";
import { SECTION_OF_KIND } from "./option-schema.ts";
import { positionOf, type Range } from "./source.ts";
import { keyRangeAt, nodeAt, rangeAt } from "./tree.ts";

type Owned<Type extends OwnedResource["type"]> = Extract<OwnedResource, { type: Type }> & {
  readonly owner: string;
  readonly kind: Declared["kind"] | "telemetry";
  readonly range: Range;
};

/** Checks what the components in use own together: ports, files, and whether data would come back to where it came from. */
export function checkResources(declared: DeclaredByKind, service: CheckedService, context: CheckContext): void {
  const owned = [...ownedByComponents(declared, service, context), ...ownedByTelemetry(service, context)];
  const listening = owned.filter((resource) => resource.type === "listen");
  const findings: readonly Finding[] = [
    ...sharedPorts(listening),
    ...sharedFiles(owned.filter((resource) => resource.type === "file")),
    ...loops(
      owned.filter((resource) => resource.type === "send"),
      listening,
    ),
    ...listening.flatMap(exposed),
  ];
  findings.forEach(context.report);
}

type AnyOwned = Owned<"listen"> | Owned<"file"> | Owned<"send">;

function ownedByComponents(
  declared: DeclaredByKind,
  service: CheckedService,
  context: CheckContext,
): readonly AnyOwned[] {
  const { root } = context;
  const used = new Set<Declared>(fedExporters(declared, service, context));
  for (const { references } of service.pipelines) {
    for (const reference of references) if (reference.declared) used.add(reference.declared);
  }
  for (const { declared: extension } of service.extensions) if (extension) used.add(extension);
  return [...used].flatMap(({ component, kind, text, key }) => {
    if (component?.definition.resources === undefined) return [];
    return component.definition.resources(component.config).map((resource): AnyOwned => {
      const path = [SECTION_OF_KIND[kind], text, ...resource.path];
      const range = nodeAt(root, path) ? rangeAt(root, path) : key;
      return { ...resource, owner: `the ${kind} ${text}`, kind, range };
    });
  });
}

function ownedByTelemetry({ settings }: CheckedService, { root }: CheckContext): readonly AnyOwned[] {
  const telemetry = settings?.telemetry;
  if (telemetry === undefined || telemetry.metrics.level === "none") return [];
  return telemetry.metrics.readers.map(({ pull }, index) => {
    const { host, port } = pull.exporter.prometheus;
    const path = ["service", "telemetry", "metrics", "readers", index, "pull", "exporter", "prometheus", "port"];
    const range = keyRangeAt(root, path);
    return {
      type: "listen",
      host,
      port,
      protected: false,
      path,
      owner: "the agent's own metrics",
      kind: "telemetry",
      range,
    };
  });
}

function sharedPorts(listening: readonly Owned<"listen">[]): readonly Finding[] {
  return pairs(listening)
    .filter(([left, right]) => left.port !== 0 && left.port === right.port && hostsMeet(left.host, right.host))
    .map(([left, right]) => {
      const [first, second] = inOrder(left, right);
      const message = `${second.owner} and ${first.owner} (${placeText(first.range)}) would both listen on ${addressText(second)}`;
      return error("address_conflict", second.range, message, { expected: "another port" });
    });
}

function sharedFiles(files: readonly Owned<"file">[]): readonly Finding[] {
  return pairs(files)
    .filter(([left, right]) => left.file === right.file)
    .map(([left, right]) => {
      const [first, second] = inOrder(left, right);
      const message = `${second.owner} and ${first.owner} (${placeText(first.range)}) would both use ${second.file}`;
      return error("file_conflict", second.range, message, { expected: "another path" });
    });
}

function loops(senders: readonly Owned<"send">[], listening: readonly Owned<"listen">[]): readonly Finding[] {
  return senders.flatMap((sender) =>
    listening
      .filter(({ kind, host, port }) => kind === "receiver" && port === sender.port && meetsSender(sender.host, host))
      .map(({ owner, range }) =>
        error(
          "own_receiver_loop",
          sender.range,
          `${sender.owner} would send to ${owner} of this same agent (${placeText(range)}): its data would go round for ever`,
          { expected: "the address of another machine or port" },
        ),
      ),
  );
}

/** What listens everywhere is met by what is sent to this machine; of other addresses it is not known whose they are. */
const meetsSender = (to: string, listensOn: string) =>
  isLoopback(to) || isLoopback(listensOn) ? hostsMeet(to, listensOn) : to === listensOn;

function exposed(resource: Owned<"listen">): readonly Finding[] {
  if (resource.protected || isLoopback(resource.host)) return [];
  const message = `${resource.owner} would listen on ${addressText(resource)} for other machines, without TLS or tokens`;
  return [warning("exposed_endpoint", resource.range, message, { expected: "127.0.0.1, or TLS and authentication" })];
}

function* pairsOf<T>(items: readonly T[]): Generator<readonly [T, T]> {
  for (const [index, left] of items.entries()) for (const right of items.slice(index + 1)) yield [left, right];
}

const pairs = <T>(items: readonly T[]) => [...pairsOf(items)];

/** The one that was written later is the one to change; the agent's own port is the last that anybody thinks of. */
function inOrder<T extends AnyOwned>(left: T, right: T): readonly [T, T] {
  const swap =
    right.kind === "telemetry" ||
    (left.kind !== "telemetry" && left.range.source === right.range.source && left.range.start > right.range.start);
  return swap ? [right, left] : [left, right];
}

const placeText = (range: Range) => `line ${positionOf(range).line}`;

const addressText = ({ host, port }: Owned<"listen">) => `${host.includes(":") ? `[${host}]` : host}:${port}`;
