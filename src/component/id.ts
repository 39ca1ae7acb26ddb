/** A component's id as the configuration writes it: `type` or `type/name` (the Collector's grammar). */
export interface ComponentId {
  readonly type: string;
  /** The part behind the first `/`; empty where there is none. */
  readonly name: string;
}

export type ComponentKind = "receiver" | "processor" | "exporter" | "connector" | "extension";

export const COMPONENT_KINDS = ["receiver", "processor", "exporter", "connector", "extension"] as const;

export function idText(id: ComponentId): string {
  return id.name === "" ? id.type : `${id.type}/${id.name}`;
}
