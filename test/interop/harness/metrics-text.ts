/** One line of Prometheus text. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads Prometheus text 0.0.4: a reader of its own, so that the writer under test does not check itself. */
export function parseMetricsText(text: string): Sample[] {
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map(parseLine);
}

/** The samples of a metric whose labels have these values. */
export function select(samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>> = {}) {
  return samples.filter(
    (sample) =>
      sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  );
}

function parseLine(line: string): Sample {
  const parts = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)(?: \d+)?$/.exec(line);
  if (parts === null) throw new Error(`not a line of Prometheus text: ${line}`);
  const labels: Record<string, string> = {};
  for (const [, label, value] of (parts[2] ?? "").matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)",?/g)) {
    labels[label!] = value!.replace(/\\(.)/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped));
  }
  return { name: parts[1]!, labels, value: Number(parts[3]) };
}
