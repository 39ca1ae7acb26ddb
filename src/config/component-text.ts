import type { AnyDefinition } from "../component/define.ts";
import { SIGNALS } from "../model/signal.ts";

/** `metrics (stable), logs (beta)`; for a connector its routes: `logs to metrics (alpha)`. */
export function signalsText(definition: AnyDefinition): string {
  switch (definition.kind) {
    case "connector":
      return definition.routes.map(({ from, to, stability }) => `${from} to ${to} (${stability})`).join(", ");
    case "extension":
      return `none (${definition.stability})`;
    default:
      return SIGNALS.flatMap((signal) => {
        const stability = definition.signals[signal];
        return stability === undefined ? [] : [`${signal} (${stability})`];
      }).join(", ");
  }
}
