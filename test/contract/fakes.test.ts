import { allDefinitions } from "../../src/component/registry.ts";
import { fakeWorld } from "../support/fake-components.ts";
import { contractSuite } from "./suite.ts";

// The least that each kind of component can be passes; so the suite asks for nothing that the contract does not.
for (const definition of await allDefinitions(fakeWorld().registry)) contractSuite(definition);
