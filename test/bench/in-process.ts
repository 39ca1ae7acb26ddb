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

/** The same in turns: what else the machine does for a while is done to all of them. */
export async function mediansInTurns<Name extends string>(
  turns: number,
  tasks: Readonly<Record<Name, Task>>,
  times: { readonly warmUpMs: number; readonly measureMs: number },
): Promise<readonly Record<Name, number>[]> {
  const medians: Record<Name, number>[] = [];
  for (let turn = 0; turn < turns; turn++) medians.push(await medianMs(tasks, times));
  return medians;
}
