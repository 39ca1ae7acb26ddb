import type { Exemplar, Histogram } from "../../model/points.ts";
import { ByteWriter, numberText } from "./byte-writer.ts";
import { escapeHelp, escapeName, escapeQuoted, isClassicMetricName } from "./escaping.ts";
import type { Family, FamilyDescription } from "./family.ts";
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
    if (family.size > 0) writeFamily(writer, family, options);
  }
  if (options.format.type === "openmetrics") writer.text("# EOF\n");
  return writer.finish();
}

/** Of a number, which is shorter as a rule, with what stands around it in its line. */
const NUMBER_BYTES = 24;
const TIME_BYTES = 14;
const BUCKET_BYTES = "_bucket,le=0.12345".length;
const HEADER_BYTES = 256;

/** About how many bytes the text of families takes, and rather too many than too few: room to write it without a copy. */
export function estimatedBytes(families: Iterable<Family>, { timestamps, created }: WriteOptions): number {
  let bytes = 0;
  for (const family of families) {
    const { name, type, help } = family.description;
    const buckets = type === "histogram" && family.size > 0 ? (family.value(0) as Histogram).bounds.length + 3 : 0;
    const lines = Math.max(1, buckets) + (created && type !== "gauge" ? 1 : 0);
    const line = name.length + NUMBER_BYTES + (timestamps ? TIME_BYTES : 0) + (buckets > 0 ? BUCKET_BYTES : 0);
    bytes += lines * (family.size * line + family.labels.bytes) + HEADER_BYTES + help.length;
  }
  return bytes;
}

function writeFamily(writer: ByteWriter, family: Family, options: WriteOptions): void {
  const { description, size } = family;
  const { name, type } = description;
  const openMetrics = options.format.type === "openmetrics";
  const lines = new Lines(writer, family, options);
  const line = lines.shape(name);
  const created =
    options.created && hasCreated(description, options.format) ? lines.shape(createdName(name)) : undefined;
  const exemplars = openMetrics && type === "counter" && name.endsWith("_total");
  writer.text(header(description, options.format));
  for (let position = 0; position < size; position++) {
    if (type === "histogram") writeHistogram(lines, family, position, openMetrics);
    else lines.writeNumber(line, position, exemplars);
    // OpenMetrics wants all lines of one metric together; in the text format `_created` is a family of its own.
    if (created && openMetrics) lines.writeCreated(created, position);
  }
  if (!created || openMetrics || !hasCreatedTimes(family)) return;
  writer.text(header({ ...description, name: createdName(name), type: "gauge", unit: "" }, options.format));
  for (let position = 0; position < size; position++) lines.writeCreated(created, position);
}

function hasCreatedTimes(family: Family): boolean {
  for (let position = 0; position < family.size; position++) if (family.createdMs(position) > 0) return true;
  return false;
}

const createdName = (name: string) => `${withoutSuffix(name, "_total")}_created`;

const hasCreated = (description: FamilyDescription, { type }: Format) =>
  description.type === "histogram" ||
  (description.type === "counter" && !(type === "openmetrics" && isUnknownCounter(description)));

function writeHistogram(lines: Lines, family: Family, position: number, openMetrics: boolean): void {
  const { name } = family.description;
  const { bounds, counts, count, sum } = family.value(position) as Histogram;
  let cumulative = 0;
  for (let bucket = 0; bucket <= bounds.length; bucket++) {
    const above = bounds[bucket - 1] ?? Number.NEGATIVE_INFINITY;
    const bound = bounds[bucket] ?? Number.POSITIVE_INFINITY;
    cumulative += counts[bucket] ?? 0;
    const line = lines.shape(`${name}_bucket`, `le="${boundText(bound, openMetrics)}"`);
    const exemplar = openMetrics ? exemplarBetween(family.exemplars(position), above, bound) : undefined;
    lines.write(line, position, bucket === bounds.length ? count : cumulative, exemplar);
  }
  if (sum !== undefined) lines.write(lines.shape(`${name}_sum`), position, sum);
  lines.write(lines.shape(`${name}_count`), position, count);
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
  readonly #family: Family;
  readonly #labels: LabelPack;
  readonly #options: WriteOptions;
  readonly #shapes = new Map<string, LineShape>();

  constructor(writer: ByteWriter, family: Family, options: WriteOptions) {
    this.#writer = writer;
    this.#family = family;
    this.#labels = family.labelPack(options.format.escaping);
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

  write(shape: LineShape, position: number, value: number, exemplar?: Exemplar): void {
    const writer = this.#writer;
    const length = this.#labels.length(position);
    if (length === 0) {
      writer.bytes(shape.bare);
    } else {
      const start = this.#labels.start(position);
      writer.bytes(shape.labelled);
      writer.bytes(this.#labels.chunk(position), start, start + length);
      writer.bytes(shape.labelledEnd);
    }
    writer.number(value);
    const timeMs = this.#options.timestamps ? this.#family.timeMs(position) : 0;
    if (timeMs > 0) {
      writer.byte(SPACE);
      writer.number(this.#options.format.type === "openmetrics" ? timeMs / 1000 : Math.round(timeMs));
    }
    if (exemplar !== undefined) writer.text(exemplarText(exemplar));
    writer.byte(NEWLINE);
  }

  writeNumber(shape: LineShape, position: number, withExemplar: boolean): void {
    const exemplar = withExemplar ? this.#family.exemplars(position)?.at(-1) : undefined;
    this.write(shape, position, this.#family.value(position) as number, exemplar);
  }

  writeCreated(shape: LineShape, position: number): void {
    const createdMs = this.#family.createdMs(position);
    if (createdMs > 0) this.write(shape, position, createdMs / 1000);
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
function exemplarBetween(
  exemplars: readonly Exemplar[] | undefined,
  above: number,
  upTo: number,
): Exemplar | undefined {
  return exemplars?.findLast(({ value }) => value > above && value <= upTo);
}

function exemplarText({ traceId, spanId, value, time }: Exemplar): string {
  const pairs: [string, string][] = [];
  if (spanId !== undefined) pairs.push(["span_id", spanId]);
  if (traceId !== undefined) pairs.push(["trace_id", traceId]);
  const labels = labelText(labelsFrom(pairs), "underscores");
  return ` # {${labels}} ${numberText(value)}${time > 0 ? ` ${time / 1000}` : ""}`;
}
