import { Bench } from "tinybench";

export interface Task {
  run(): unknown;
  /** Not measured. */
  beforeEach?(): void | Promise<void>;
}

/** Runs tasks one after the other, warm, and gives the median time of each in milliseconds. */
export async function medianMs<Name extends string>(
  tasks: Readonly<Record<Name, Task>>,
  times: { readonly warmUpMs: number; readonly measureMs: number },
): Promise<Record<Name, number>> {
  const bench = new Bench({ warmupTime: times.warmUpMs, time: times.measureMs });
  for (const [name, { run, beforeEach }] of Object.entries<Task>(tasks)) {
    bench.add(name, run, beforeEach === undefined ? {} : { beforeEach });
  }
  await bench.run();
  const medians = bench.tasks.map(({ name, result }) => {
    if (result.state !== "completed") throw new Error(`the task ${name} did not complete`, { cause: result });
    return [name, result.latency.p50];
  });
  return Object.fromEntries(medians);
}
