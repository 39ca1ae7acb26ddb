import type { ComponentKind } from "../component/id.ts";
import type { CheckedConfig, ConfiguredComponent } from "../config/checked-config.ts";

/** What is configured under an id that a pipeline or `service.extensions` names. */
export function configured(config: CheckedConfig, kind: ComponentKind, id: string): ConfiguredComponent {
  return config[`${kind}s`].get(id)!;
}

/** A text that is another one exactly when a reload changes how the agent's own metrics are served. */
export function ownMetricsText({ service: { telemetry } }: CheckedConfig): string {
  return JSON.stringify([telemetry.metrics, telemetry.resource]);
}

/** The same for how much may be under way. */
export function limitsText({ service }: CheckedConfig): string {
  return JSON.stringify(service.limits);
}
