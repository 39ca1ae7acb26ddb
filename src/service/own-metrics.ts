import type { Attributes as OtelAttributes } from "@opentelemetry/api";
import type { MetricReader, ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { Family } from "../kit/prometheus/family.ts";
import type { Format } from "../kit/prometheus/format.ts";
import { type Labels, labelsFrom, labelValue } from "../kit/prometheus/labels.ts";
import { labelName, metricName, unitSuffix } from "../kit/prometheus/translation.ts";
import { writeFamilies } from "../kit/prometheus/write.ts";
import type { Attributes, AttributeValue } from "../model/attributes.ts";
import type { Meters, OwnMetric } from "../pipeline/meters.ts";

/** How one reader wants its names; the Collector's options. */
export interface OwnMetricsNaming {
  readonly withoutTypeSuffix: boolean;
  readonly withoutUnits: boolean;
  readonly withoutScopeInfo: boolean;
}

/** More series of one metric than this are folded into one by the SDK, with `otel.metric.overflow`. */
const SERIES_OF_ONE_METRIC_MAX = 100_000;
const STRATEGY = "UnderscoreEscapingWithSuffixes";

/**
 * The agent's own metrics on their way out: our plain numbers are read by the OpenTelemetry SDK's observable instruments
 * when a reader collects, and what it collects is written by the same writer as everybody else's series.
 */
export class OwnMetrics {
  readonly #meters: Meters;
  readonly #resource: Attributes;
  readonly #refresh: () => void;
  #reader: Promise<{ readonly reader: MetricReader; readonly observe: () => void }> | undefined;

  /** `refresh` brings numbers up to date that nobody counts. */
  constructor(meters: Meters, resource: Attributes, refresh: () => void) {
    this.#meters = meters;
    this.#resource = resource;
    this.#refresh = refresh;
  }

  async write(format: Format, naming: OwnMetricsNaming): Promise<Buffer> {
    // Made when it is first needed: the SDK takes its time to load, and most starts are not followed by a scrape at once.
    this.#reader ??= this.#connect();
    const { reader, observe } = await this.#reader;
    this.#refresh();
    observe();
    const { resourceMetrics } = await reader.collect();
    return writeFamilies(familiesOf(resourceMetrics, this.#resource, naming), {
      format,
      timestamps: false,
      created: false,
    });
  }

  async #connect() {
    const { AggregationTemporality, InstrumentType, MeterProvider, MetricReader } = await import(
      "@opentelemetry/sdk-metrics"
    );
    const { resourceFromAttributes } = await import("@opentelemetry/resources");
    class PulledReader extends MetricReader {
      protected override async onShutdown(): Promise<void> {}
      protected override async onForceFlush(): Promise<void> {}
    }
    const reader = new PulledReader({
      cardinalitySelector: () => SERIES_OF_ONE_METRIC_MAX,
      // A cumulative reader goes on showing a gauge's last value when nobody reports it any more.
      aggregationTemporalitySelector: (type) =>
        type === InstrumentType.OBSERVABLE_GAUGE ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE,
    });
    const resource = resourceFromAttributes(this.#resource as OtelAttributes);
    const meter = new MeterProvider({ readers: [reader], resource }).getMeter("gostcol");
    const observed = new Set<OwnMetric>();
    const observe = () => {
      for (const metric of this.#meters.metrics()) {
        if (observed.has(metric)) continue;
        observed.add(metric);
        const { name, description, unit } = metric.description;
        const instrument =
          metric.type === "counter"
            ? meter.createObservableCounter(name, { description, unit })
            : meter.createObservableGauge(name, { description, unit });
        instrument.addCallback((result) => {
          for (const { value, attributes } of metric.readings()) result.observe(value, attributes as OtelAttributes);
        });
      }
    };
    return { reader, observe };
  }
}

function familiesOf({ scopeMetrics }: ResourceMetrics, resource: Attributes, naming: OwnMetricsNaming): Family[] {
  const families = [targetInfo(resource)];
  const constant = Object.entries(resource).filter(([key]) => key.startsWith("service."));
  for (const { scope, metrics } of scopeMetrics) {
    const scopeLabels: [string, AttributeValue][] = naming.withoutScopeInfo ? [] : [["otel_scope_name", scope.name]];
    for (const { descriptor, dataPoints, ...data } of metrics) {
      const counter = "isMonotonic" in data && data.isMonotonic;
      const named = {
        name: descriptor.name,
        unit: naming.withoutUnits ? "" : descriptor.unit,
        type: counter && !naming.withoutTypeSuffix ? "counter" : "gauge",
      } as const;
      const family = new Family({
        name: metricName(named, { strategy: STRATEGY, namespace: "" }),
        type: counter ? "counter" : "gauge",
        help: descriptor.description,
        unit: unitSuffix(named),
      });
      for (const { attributes, value } of dataPoints) {
        const pairs = [...constant, ...scopeLabels, ...Object.entries(attributes as Attributes)];
        family.add(labels(pairs), value as number);
      }
      families.push(family);
    }
  }
  return families;
}

function targetInfo(resource: Attributes): Family {
  const family = new Family({ name: "target_info", type: "gauge", help: "The agent itself", unit: "" });
  family.add(labels(Object.entries(resource)), 1);
  return family;
}

function labels(pairs: readonly (readonly [string, AttributeValue])[]): Labels {
  return labelsFrom(pairs.map(([key, value]) => [labelName(key, STRATEGY), labelValue(value)]));
}
