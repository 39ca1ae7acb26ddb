import type {
  AnyDefinition,
  ConnectorDefinition,
  ExporterDefinition,
  ExtensionDefinition,
  ProcessorDefinition,
  ReceiverDefinition,
} from "./define.ts";
import { COMPONENT_KINDS, type ComponentKind } from "./id.ts";

/**
 * The components that an agent can be built from: the real ones, or three fakes in a test. Each is its definition, or
 * says where that is, so that a program loads only what its configuration names.
 */
export interface Registry {
  readonly receivers: readonly Registered<ReceiverDefinition>[];
  readonly processors: readonly Registered<ProcessorDefinition>[];
  readonly exporters: readonly Registered<ExporterDefinition>[];
  readonly connectors: readonly Registered<ConnectorDefinition>[];
  readonly extensions: readonly Registered<ExtensionDefinition>[];
}

export type Registered<Definition extends AnyDefinition = AnyDefinition> = Definition | Unloaded<Definition>;

/** What has to be known of a component before it is loaded. */
export interface Unloaded<Definition extends AnyDefinition> {
  /** As in its definition, and so are the aliases. */
  readonly type: string;
  readonly aliases?: readonly string[];
  /** Its module, which exports its definition and nothing else. */
  load(): Promise<Readonly<Record<string, Definition>>>;
}

/** All of a registry's definitions of some kinds, by default of every kind. */
export async function allDefinitions(
  registry: Registry,
  kinds: readonly ComponentKind[] = COMPONENT_KINDS,
): Promise<readonly AnyDefinition[]> {
  return Promise.all(kinds.flatMap((kind) => entriesOf(registry, kind).map(definitionOf)));
}

/** The definition that a configured type names, by its type or an alias. */
export async function loadDefinition(
  registry: Registry,
  kind: ComponentKind,
  type: string,
): Promise<AnyDefinition | undefined> {
  const entry = findEntry(registry, kind, type);
  return entry && definitionOf(entry);
}

/** The registry of one configuration: what that names is loaded first, and then at hand without waiting. */
export class Catalog {
  readonly #registry: Registry;
  readonly #loaded = new Map<Registered, AnyDefinition>();

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** The types that there are, without aliases. */
  types(kind: ComponentKind): readonly string[] {
    return entriesOf(this.#registry, kind).map(({ type }) => type);
  }

  /** Whether the type, or alias, is one that could be loaded. */
  has(kind: ComponentKind, type: string): boolean {
    return findEntry(this.#registry, kind, type) !== undefined;
  }

  /** Does nothing where there is no such component. */
  async load(kind: ComponentKind, type: string): Promise<void> {
    const entry = findEntry(this.#registry, kind, type);
    if (entry && !this.#loaded.has(entry)) this.#loaded.set(entry, await definitionOf(entry));
  }

  /** The definition that a type or an alias names; undefined where there is none, or nobody has asked to load it. */
  find(kind: ComponentKind, type: string): AnyDefinition | undefined {
    const entry = findEntry(this.#registry, kind, type);
    return entry && this.#loaded.get(entry);
  }
}

const entriesOf = (registry: Registry, kind: ComponentKind): readonly Registered[] => registry[`${kind}s`];

function findEntry(registry: Registry, kind: ComponentKind, type: string): Registered | undefined {
  return entriesOf(registry, kind).find((entry) => entry.type === type || entry.aliases?.includes(type));
}

async function definitionOf(entry: Registered): Promise<AnyDefinition> {
  return "load" in entry ? Object.values(await entry.load())[0]! : entry;
}
