import { COMPONENT_KINDS } from "../component/id.ts";
import type { Catalog } from "../component/registry.ts";
import { SECTION_OF_KIND, typeOf } from "./option-schema.ts";
import { type ConfigNode, childOf } from "./tree.ts";

/** Loads the components that the sections of a configuration, or of a part of it, name; what is unknown is left alone. */
export async function loadNamed(root: ConfigNode, catalog: Catalog): Promise<void> {
  await Promise.all(
    COMPONENT_KINDS.flatMap((kind) => {
      const section = childOf(root, SECTION_OF_KIND[kind]);
      return section?.kind === "map" ? [...section.entries.keys()].map((id) => catalog.load(kind, typeOf(id))) : [];
    }),
  );
}
