import { open } from "node:fs/promises";
import type { ShowsAccounts } from "./books.ts";
import { accountsOf, type Reading } from "./readings.ts";

/** A file that the Collector's `file` exporter writes; each look reads on from where the last one ended. */
export interface CollectedFile extends ShowsAccounts {
  /** Each value that a total has had, in words, whether it was told once or again. */
  readonly told: ReadonlySet<string>;
  /** How often one of them was told again. */
  readonly repeats: number;
  /** Values that were told first when a higher or a later one of the same total was there already, in words. */
  readonly falls: readonly string[];
}

export function collectedFile(path: string): CollectedFile {
  const readOn = lineReader(path);
  const latest = new Map<string, Collected>();
  const told = new Set<string>();
  const falls: string[] = [];
  let repeats = 0;

  function take(point: Collected): void {
    const { reading, time, kind } = point;
    const key = `${reading.metric} ${JSON.stringify(Object.entries(reading.attributes).toSorted())}`;
    const before = latest.get(key);
    if (kind === "total") {
      const words = `${key}: ${reading.value} at ${time}`;
      if (told.has(words)) {
        repeats++;
        return;
      }
      told.add(words);
      if (before !== undefined && (reading.value < before.reading.value || time < before.time)) {
        falls.push(`${words} after ${before.reading.value} at ${before.time}`);
        return;
      }
    }
    const sum = kind === "delta" ? (before?.reading.value ?? 0) + reading.value : reading.value;
    latest.set(key, { ...point, reading: { ...reading, value: sum } });
  }

  return {
    async accounts() {
      for (const line of await readOn()) for (const point of pointsOf(line)) take(point);
      return accountsOf([...latest.values()].map(({ reading }) => reading));
    },
    told,
    get repeats() {
      return repeats;
    },
    falls,
  };
}

interface Collected {
  readonly reading: Reading;
  readonly time: bigint;
  /** Whether it is a counter, what is added to one, or a level that rises and falls. */
  readonly kind: "total" | "delta" | "level";
}

/** Gives the lines that have come since it was last called. */
function lineReader(path: string): () => Promise<readonly string[]> {
  let position = 0;
  let rest = "";
  return async () => {
    const file = await open(path);
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - position), 0, size - position, position);
    await file.close();
    position += bytesRead;
    const lines = (rest + buffer.toString("latin1", 0, bytesRead)).split("\n"); // All names are ASCII.
    rest = lines.pop() ?? "";
    return lines;
  };
}

const CUMULATIVE = 2;
const LINE_START = '{"resourceMetrics":';

/** A Collector that was killed may have left a line without an end, and no answer; the next one goes on behind it. */
function pointsOf(line: string): readonly Collected[] {
  const { resourceMetrics }: RequestJson = JSON.parse(line.slice(line.lastIndexOf(LINE_START)));
  return resourceMetrics.flatMap(({ resource, scopeMetrics }) =>
    scopeMetrics.flatMap(({ metrics }) =>
      metrics.flatMap(({ name, sum, gauge }) =>
        (sum ?? gauge)!.dataPoints.map((point): Collected => {
          const attributes = { ...textsOf(resource.attributes), ...textsOf(point.attributes) };
          const reading = { metric: name, attributes, value: Number(point.asInt ?? point.asDouble) };
          return { reading, time: BigInt(point.timeUnixNano), kind: kindOf(sum) };
        }),
      ),
    ),
  );
}

function kindOf(sum: SumJson | undefined): Collected["kind"] {
  if (sum === undefined) return "level";
  if (sum.aggregationTemporality !== CUMULATIVE) return "delta";
  return sum.isMonotonic ? "total" : "level";
}

const textsOf = (attributes: readonly AttributeJson[] = []): Record<string, string> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? JSON.stringify(value)]));

interface AttributeJson {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}

interface PointsJson {
  readonly dataPoints: readonly {
    readonly attributes?: readonly AttributeJson[];
    readonly timeUnixNano: string;
    readonly asInt?: string;
    readonly asDouble?: number;
  }[];
}

interface SumJson extends PointsJson {
  readonly aggregationTemporality: number;
  readonly isMonotonic?: boolean;
}

interface RequestJson {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes?: readonly AttributeJson[] };
    readonly scopeMetrics: readonly {
      readonly metrics: readonly { readonly name: string; readonly sum?: SumJson; readonly gauge?: PointsJson }[];
    }[];
  }[];
}
