import type { Metric, Resource, Series } from "../../model/series.ts";
import type { FamilyDescription } from "./family.ts";
import { type Labels, labelsFrom, labelValue } from "./labels.ts";
import { labelName, type MetricNaming, metricName, type NamedMetric, unitSuffix } from "./translation.ts";

/** What a metric becomes in Prometheus, or why it cannot. */
export type MetricPlan =
  | { readonly shown: true; readonly description: FamilyDescription }
  | { readonly shown: false; readonly reason: NoPlanReason };

export type NoPlanReason = "delta_up_down" | "invalid_name" | "unspecified_temporality" | "unsupported_type";

export interface SeriesNamingOptions extends MetricNaming {
  /** Labels of every series; a series' own label of that name comes first. */
  readonly constLabels: Readonly<Record<string, string>>;
  /** Whether resource attributes become labels of every series. */
  readonly resourceLabels: boolean;
  /** Leaves out of these what `job` and `instance` are made of. */
  readonly excludeServiceAttributes: boolean;
  /** Whether labels name the instrumentation scope. */
  readonly scopeLabels: boolean;
}

/** How many label names are remembered; keys that someone makes up on and on must not fill the memory. */
const LABEL_NAMES_MAX = 10_000;

/** From OpenTelemetry's series to Prometheus' names and labels, as configured. */
export class SeriesNaming {
  readonly #options: SeriesNamingOptions;
  readonly #labelNames = new Map<string, string>();
  /** Names and values. */
  readonly constLabels: readonly (readonly [name: string, value: string])[];

  constructor(options: SeriesNamingOptions) {
    this.#options = options;
    this.constLabels = Object.entries(options.constLabels).map(([key, value]) => [this.#label(key), value]);
  }

  plan(metric: Metric): MetricPlan {
    const reason = whyNot(metric);
    if (reason !== undefined) return { shown: false, reason };
    const named: NamedMetric = { name: metric.name, unit: metric.unit, type: familyType(metric) };
    const name = metricName(named, this.#options);
    if (name === "") return { shown: false, reason: "invalid_name" };
    const description = { name, type: named.type, help: metric.description, unit: unitSuffix(named) };
    return { shown: true, description };
  }

  /** The labels of a series: attributes, scope, resource where configured, and `job` and `instance` of its resource. */
  labels({ attributes, scope, resource, metric }: Series): Labels {
    const pairs: (readonly [name: string, value: string])[] = [];
    const add = (name: string, value: string) => {
      pairs.push([isReserved(name, metric) ? `exported_${name}` : name, value]);
    };
    for (const [key, value] of Object.entries(attributes)) add(this.#label(key), labelValue(value));
    if (this.#options.scopeLabels) {
      for (const [key, value] of Object.entries(scope.attributes)) {
        add(this.#label(`otel_scope_${key}`), labelValue(value));
      }
      pairs.push(["otel_scope_name", scope.name], ["otel_scope_version", scope.version]);
    }
    for (const [key, value] of this.#promoted(resource)) {
      // An attribute of the point says more about it than its resource's of that name.
      if (!Object.hasOwn(attributes, key)) add(this.#label(key), labelValue(value));
    }
    pairs.push(...identity(resource));
    for (const constant of this.constLabels) {
      if (!pairs.some(([name, value]) => name === constant[0] && value !== "")) pairs.push(constant);
    }
    return labelsFrom(pairs);
  }

  /**
   * The labels of a resource's `target_info`, or undefined where it has nothing to tell, or no `job` and no `instance`
   * that it could be joined by.
   */
  targetLabels(resource: Resource): Labels | undefined {
    const target = identity(resource);
    const others = Object.entries(resource.attributes).filter(([key]) => !IDENTITY_KEYS.has(key));
    if (target.length === 0 || others.length === 0) return undefined;
    const pairs = others.map(([key, value]): [string, string] => {
      const name = this.#label(key);
      return [isReserved(name) ? `exported_${name}` : name, labelValue(value)];
    });
    return labelsFrom([...pairs, ...target]);
  }

  /** `target_info`, in the namespace as every other name. */
  targetDescription(): FamilyDescription {
    const named = { name: "target_info", unit: "", type: "gauge" } as const;
    return { name: metricName(named, this.#options), type: "info", help: "Target metadata", unit: "" };
  }

  #promoted({ attributes }: Resource) {
    const { resourceLabels, excludeServiceAttributes } = this.#options;
    if (!resourceLabels) return [];
    return Object.entries(attributes).filter(([key]) => !(excludeServiceAttributes && IDENTITY_KEYS.has(key)));
  }

  /** Remembered, for the keys of attributes are few and the same in most series. */
  #label(key: string): string {
    let name = this.#labelNames.get(key);
    if (name === undefined) {
      if (this.#labelNames.size >= LABEL_NAMES_MAX) this.#labelNames.clear();
      name = labelName(key, this.#options.strategy);
      this.#labelNames.set(key, name);
    }
    return name;
  }
}

const IDENTITY_KEYS: ReadonlySet<string> = new Set(["service.name", "service.namespace", "service.instance.id"]);

/** `job` and `instance`, as far as the resource has what they are made of; equal for equal resources only in name. */
export function identity({ attributes }: Resource): [name: string, value: string][] {
  const text = (key: string) => (attributes[key] === undefined ? "" : labelValue(attributes[key]));
  const name = text("service.name");
  const namespace = text("service.namespace");
  const instance = text("service.instance.id");
  const pairs: [string, string][] = [];
  if (name !== "") pairs.push(["job", namespace === "" ? name : `${namespace}/${name}`]);
  if (instance !== "") pairs.push(["instance", instance]);
  return pairs;
}

/** Names that mean something to Prometheus itself: an attribute that is called so is renamed as Prometheus would do it. */
function isReserved(name: string, metric?: Metric): boolean {
  return (
    name === "job" || name === "instance" || name === "__name__" || (name === "le" && metric?.type === "histogram")
  );
}

function familyType({ type, monotonic }: Metric): NamedMetric["type"] {
  if (type === "histogram") return "histogram";
  return type === "sum" && monotonic ? "counter" : "gauge";
}

function whyNot({ type, temporality, monotonic }: Metric): NoPlanReason | undefined {
  switch (type) {
    case "gauge":
      return undefined;
    case "sum":
      if (temporality === "unspecified") return "unspecified_temporality";
      return temporality === "delta" && !monotonic ? "delta_up_down" : undefined;
    case "histogram":
      return temporality === "unspecified" ? "unspecified_temporality" : undefined;
    case "exponential_histogram":
    case "summary":
      return "unsupported_type";
    default:
      return type satisfies never;
  }
}
