import { registry } from "../../../src/registry.ts";
import { Components } from "../agent/components.ts";
import type { LifeOptions } from "../life.ts";

/** How lives are lived with the real components, or with a bug put into them. */
export function worldWith(bug: string | undefined): LifeOptions {
  if (bug === undefined) return { components: new Components(registry) };
  throw new Error(`there is no bug ${bug}; there are: ${Object.keys(BUGS).join(", ")}`);
}

const BUGS = {};
