import { createServer } from "node:http";
import { Gauge, register } from "prom-client";

// What people write today to get GOST's numbers into Prometheus: gauges, set to whatever the last report said.
const labelNames = ["service", "client"];
const gauges = {
  totalConns: new Gauge({ name: "gost_total_connections", help: "Connections", labelNames }),
  currentConns: new Gauge({ name: "gost_current_connections", help: "Open connections", labelNames }),
  inputBytes: new Gauge({ name: "gost_input_bytes", help: "Bytes from clients", labelNames }),
  outputBytes: new Gauge({ name: "gost_output_bytes", help: "Bytes to clients", labelNames }),
  totalErrs: new Gauge({ name: "gost_total_errors", help: "Errors", labelNames }),
};

interface Event {
  readonly service: string;
  readonly client?: string;
  readonly stats?: Record<keyof typeof gauges, number>;
}

const server = createServer((request, response) => {
  if (request.method === "GET") {
    void register.metrics().then((text) => response.end(text));
    return;
  }
  const chunks: Buffer[] = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const { events }: { events: Event[] } = JSON.parse(Buffer.concat(chunks).toString());
    for (const { service, client = "", stats } of events) {
      if (stats === undefined) continue;
      for (const name of Object.keys(gauges) as (keyof typeof gauges)[]) {
        gauges[name].set({ service, client }, stats[name]);
      }
    }
    response.setHeader("Content-Type", "application/json");
    response.end('{"ok":true}');
  });
});

server.listen(Number(process.argv[2]), "127.0.0.1");
