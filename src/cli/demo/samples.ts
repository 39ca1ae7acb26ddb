/** One line of the Prometheus text format. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The samples of a scrape, comments left out: as much of the format as is needed to read the agent's own `/metrics`. */
export function parseSamples(text: string): Sample[] {
  return [...text.matchAll(/^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/gm)].map(([, name, labels, value]) => ({
    name: name!,
    labels: parseLabels(labels ?? ""),
    value: Number(value),
  }));
}

function parseLabels(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
  return Object.fromEntries(pairs.map(([, name, value]) => [name!, unescaped(value!)]));
}

const unescaped = (value: string) => value.replace(/\\(.)/g, (_, character) => (character === "n" ? "\n" : character));
