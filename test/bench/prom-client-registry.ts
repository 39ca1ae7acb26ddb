import { Gauge, Registry } from "prom-client";

/** So many series in five metrics with two labels. */
export function promClientRegistry(series: number): Registry {
  const registry = new Registry();
  for (let metric = 0; metric < 5; metric++) {
    const labelNames = ["service", "client"];
    const gauge = new Gauge({ name: `gost_${metric}`, help: "A number", labelNames, registers: [registry] });
    for (let client = 0; client < series / 5; client++) {
      gauge.set({ service: `service-${client % 2000}`, client: `client-${client}` }, client * 1_000_003);
    }
  }
  return registry;
}
