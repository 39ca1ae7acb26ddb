/** One result of the benchmarks. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the project wants: at least or at most this. Absent for a figure that only explains another one. */
  readonly goal?: { readonly atLeast: number } | { readonly atMost: number };
}

export interface BenchPart {
  /** One word, to run this part alone. */
  readonly name: string;
  readonly title: string;
  run(): Promise<readonly Figure[]>;
}

export function reachesGoal({ value, goal }: Figure): boolean {
  if (goal === undefined) return true;
  return "atLeast" in goal ? value >= goal.atLeast : value <= goal.atMost;
}

/** The figures as a table: figure, value, goal, verdict. */
export function figureTable(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.name,
    `${formatted(figure.value)} ${figure.unit}`.trim(),
    goalText(figure),
    figure.goal === undefined ? "" : reachesGoal(figure) ? "ok" : "short",
  ]);
  const lines = [["figure", "value", "goal", ""], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function goalText({ goal, unit }: Figure): string {
  if (goal === undefined) return "";
  return "atLeast" in goal ? `>= ${goal.atLeast} ${unit}`.trim() : `<= ${goal.atMost} ${unit}`.trim();
}

function formatted(value: number): string {
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en-US") : value.toPrecision(3);
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}
