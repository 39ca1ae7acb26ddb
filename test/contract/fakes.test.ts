import type { AnyDefinition } from "../../src/component/define.ts";
import { fakeWorld } from "../support/fake-components.ts";
import { contractSuite } from "./suite.ts";

// The least that each kind of component can be passes; so the suite asks for nothing that the contract does not.
const definitions: readonly AnyDefinition[] = Object.values(fakeWorld().registry).flat();
for (const definition of definitions) contractSuite(definition);
