import type { Exemplar, Histogram } from "../../model/points.ts";
import { ByteWriter, numberText } from "./byte-writer.ts";
import { escapeHelp, escapeName, escapeQuoted, isClassicMetricName } from "./escaping.ts";
import type { Family, FamilyDescription, Sample } from "./family.ts";
import type { Format } from "./format.ts";
import type { LabelPack } from "./label-pack.ts";
import { labelsFrom, labelText } from "./labels.ts";

/**
 * Families as text: Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/) or OpenMetrics
 * 1.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/).
 */

export interface WriteOptions {
  readonly format: Format;
  /** Whether each sample carries its time. */
  readonly timestamps: boolean;
  /** Whether counters and histograms are joined by `_created` series that tell when they began. */
  readonly created: boolean;
}

const NO_MEMORY: Buffer = Buffer.alloc(0);
const NEWLINE = 10;
const SPACE = 32;

/** The families in the order of their names. `memory`: where the text goes, if it is large enough. */
export function writeFamilies(families: Iterable<Family>, options: WriteOptions, memory: Buffer = NO_MEMORY): Buffer {
  const writer = new ByteWriter(memory);
  const sorted = [...families].sort((left, right) => (left.description.name < right.description.name ? -1 : 1));
  for (const family of sorted) {
    if (family.samples.length > 0) writeFamily(writer, family, options);
  }
  if (options.format.type === "openmetrics") writer.text("# EOF\n");
  return writer.finish();
}

function writeFamily(writer: ByteWriter, family: Family, options: WriteOptions): void {
  const { description, samples } = family;
  const { name, type } = description;
  const openMetrics = options.format.type === "openmetrics";
  const lines = new Lines(writer, family, options);
  const line = lines.shape(name);
  const created =
    options.created && hasCreated(description, options.format) ? lines.shape(createdName(name)) : undefined;
  const exemplars = openMetrics && type === "counter" && name.endsWith("_total");
  writer.text(header(description, options.format));
  for (const sample of samples) {
    if (type === "histogram") writeHistogram(lines, name, sample, openMetrics);
    else lines.write(line, sample, sample.value as number, exemplars ? sample.exemplars?.at(-1) : undefined);
    // OpenMetrics wants all lines of one metric together; in the text format `_created` is a family of its own.
    if (created && openMetrics) writeCreated(lines, created, sample);
  }
  if (!created || openMetrics || !samples.some(({ createdMs }) => createdMs > 0)) return;
  writer.text(header({ ...description, name: createdName(name), type: "gauge", unit: "" }, options.format));
  for (const sample of samples) writeCreated(lines, created, sample);
}

function writeCreated(lines: Lines, shape: LineShape, sample: Sample): void {
  if (sample.createdMs > 0) lines.write(shape, sample, sample.createdMs / 1000);
}

const createdName = (name: string) => `${withoutSuffix(name, "_total")}_created`;

const hasCreated = (description: FamilyDescription, { type }: Format) =>
  description.type === "histogram" ||
  (description.type === "counter" && !(type === "openmetrics" && isUnknownCounter(description)));

function writeHistogram(lines: Lines, name: string, sample: Sample, openMetrics: boolean): void {
  const { bounds, counts, count, sum } = sample.value as Histogram;
  let cumulative = 0;
  for (let bucket = 0; bucket <= bounds.length; bucket++) {
    const above = bounds[bucket - 1] ?? Number.NEGATIVE_INFINITY;
    const bound = bounds[bucket] ?? Number.POSITIVE_INFINITY;
    cumulative += counts[bucket] ?? 0;
    const line = lines.shape(`${name}_bucket`, `le="${boundText(bound, openMetrics)}"`);
    const exemplar = openMetrics ? exemplarBetween(sample, above, bound) : undefined;
    lines.write(line, sample, bucket === bounds.length ? count : cumulative, exemplar);
  }
  if (sum !== undefined) lines.write(lines.shape(`${name}_sum`), sample, sum);
  lines.write(lines.shape(`${name}_count`), sample, count);
}

/** What stands before and behind the labels in each line of one name. */
interface LineShape {
  readonly labelled: Buffer;
  readonly labelledEnd: Buffer;
  readonly bare: Buffer;
}

/** Writes the lines of one family: what they share is encoded once. */
class Lines {
  readonly #writer: ByteWriter;
  readonly #pack: LabelPack;
  readonly #options: WriteOptions;
  readonly #shapes = new Map<string, LineShape>();

  constructor(writer: ByteWriter, family: Family, options: WriteOptions) {
    this.#writer = writer;
    this.#pack = family.labelPack(options.format.escaping);
    this.#options = options;
  }

  /** `extraLabel`: one more label, behind the others, such as `le="0.5"`. */
  shape(name: string, extraLabel = ""): LineShape {
    const key = `${extraLabel} ${name}`;
    let shape = this.#shapes.get(key);
    if (shape === undefined) {
      shape = lineShape(name, extraLabel, this.#options.format);
      this.#shapes.set(key, shape);
    }
    return shape;
  }

  write(shape: LineShape, sample: Sample, value: number, exemplar?: Exemplar): void {
    const writer = this.#writer;
    const pack = this.#pack;
    const start = pack.start(sample.position);
    const end = pack.end(sample.position);
    if (start === end) {
      writer.bytes(shape.bare);
    } else {
      writer.bytes(shape.labelled);
      writer.bytes(pack.bytes, start, end);
      writer.bytes(shape.labelledEnd);
    }
    writer.number(value);
    if (this.#options.timestamps && sample.timeMs > 0) {
      writer.byte(SPACE);
      writer.number(this.#options.format.type === "openmetrics" ? sample.timeMs / 1000 : Math.round(sample.timeMs));
    }
    if (exemplar !== undefined) writer.text(exemplarText(exemplar));
    writer.byte(NEWLINE);
  }
}

function lineShape(name: string, extraLabel: string, { escaping }: Format): LineShape {
  const escaped = escapeName(name, escaping);
  const quoted = !isClassicMetricName(escaped);
  const open = quoted ? `{"${escapeQuoted(escaped)}"` : escaped;
  // A quoted name stands inside the braces, as the first of the labels.
  const bareInside = [...(quoted ? [open.slice(1)] : []), ...(extraLabel === "" ? [] : [extraLabel])].join(",");
  return {
    labelled: Buffer.from(quoted ? `${open},` : `${open}{`),
    labelledEnd: Buffer.from(extraLabel === "" ? "} " : `,${extraLabel}} `),
    bare: Buffer.from(`${quoted ? "" : open}${bareInside === "" ? "" : `{${bareInside}}`} `),
  };
}

function header(description: FamilyDescription, format: Format): string {
  const { help, unit } = description;
  const openMetrics = format.type === "openmetrics";
  const base = openMetrics ? openMetricsName(description) : description.name;
  const escaped = escapeName(base, format.escaping);
  const name = isClassicMetricName(escaped) ? escaped : `"${escapeQuoted(escaped)}"`;
  let text = "";
  if (help !== "") text += `# HELP ${name} ${openMetrics ? escapeQuoted(help) : escapeHelp(help)}\n`;
  text += `# TYPE ${name} ${openMetrics ? openMetricsType(description) : TEXT_TYPE[description.type]}\n`;
  if (openMetrics && unit !== "" && base.endsWith(`_${unit}`)) text += `# UNIT ${name} ${unit}\n`;
  return text;
}

const TEXT_TYPE = {
  counter: "counter",
  gauge: "gauge",
  histogram: "histogram",
  info: "gauge",
  unknown: "untyped",
} as const;

/** A counter must end with `_total` in OpenMetrics; one that does not is shown without a type rather than not at all. */
const isUnknownCounter = ({ name, type }: FamilyDescription) => type === "counter" && !name.endsWith("_total");

const openMetricsType = (description: FamilyDescription) =>
  isUnknownCounter(description) ? "unknown" : description.type;

/** OpenMetrics names the family, not the series: without `_total` and `_info`. */
function openMetricsName({ name, type }: FamilyDescription): string {
  if (type === "counter") return withoutSuffix(name, "_total");
  return type === "info" ? withoutSuffix(name, "_info") : name;
}

const withoutSuffix = (name: string, suffix: string) => (name.endsWith(suffix) ? name.slice(0, -suffix.length) : name);

/** OpenMetrics wants bounds as floating-point numbers, so that a bound is the same text everywhere. */
function boundText(bound: number, openMetrics: boolean): string {
  const text = numberText(bound);
  return openMetrics && /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** The last exemplar of one bucket. */
function exemplarBetween({ exemplars }: Sample, above: number, upTo: number): Exemplar | undefined {
  return exemplars?.findLast(({ value }) => value > above && value <= upTo);
}

function exemplarText({ traceId, spanId, value, time }: Exemplar): string {
  const pairs: [string, string][] = [];
  if (spanId !== undefined) pairs.push(["span_id", spanId]);
  if (traceId !== undefined) pairs.push(["trace_id", traceId]);
  const labels = labelText(labelsFrom(pairs), "underscores");
  return ` # {${labels}} ${numberText(value)}${time > 0 ? ` ${time / 1000}` : ""}`;
}
