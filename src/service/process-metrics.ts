import type { Meter } from "../component/meter.ts";
import type { Clock } from "../lib/clock.ts";

/** What the operating system says of this process. */
export interface ProcessNumbers {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  readonly heapTotalBytes: number;
}

export function readProcess(): ProcessNumbers {
  const { rss, heapUsed, heapTotal } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return {
    cpuSeconds: (user + system) / 1e6,
    residentBytes: rss,
    heapUsedBytes: heapUsed,
    heapTotalBytes: heapTotal,
  };
}

/** The Collector's process metrics. The returned function brings them up to date, and is called before each reading. */
export function processMetrics(meter: Meter, clock: Clock, read: () => ProcessNumbers): () => void {
  const startedAtMs = clock.monotonic();
  const uptime = meter.counter({
    name: "otelcol_process_uptime",
    description: "How long the agent has been running",
    unit: "s",
  });
  const cpu = meter.counter({
    name: "otelcol_process_cpu_seconds",
    description: "CPU time that the process has used, user and system",
    unit: "s",
  });
  let numbers = read();
  const gauge = (name: string, description: string, value: () => number) =>
    meter.gauge({ name, description, unit: "By" }, () => [{ value: value() }]);
  gauge("otelcol_process_memory_rss", "Physical memory of the process", () => numbers.residentBytes);
  gauge("otelcol_process_runtime_heap_alloc_bytes", "Heap in use", () => numbers.heapUsedBytes);
  gauge("otelcol_process_runtime_total_sys_memory_bytes", "Heap that is reserved", () => numbers.heapTotalBytes);
  return () => {
    numbers = read();
    cpu.value = numbers.cpuSeconds;
    uptime.value = (clock.monotonic() - startedAtMs) / 1000;
  };
}
