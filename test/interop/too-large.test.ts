import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { gostcolCommand } from "./harness/gostcol.ts";
import { peerPath } from "./harness/peers.ts";
import { freePorts } from "./harness/ports.ts";
import { startProcess } from "./harness/process.ts";
import { temporaryFolder } from "./harness/temporary-folder.ts";

const RECORDS = 20_000;

test.each(["otlp_grpc", "otlp_http"] as const)(
  "a request that is larger than the Collector takes arrives whole all the same, in parts, by %s",
  async (type) => {
    const [grpc, http, into, own] = await freePorts(4);
    const folder = await temporaryFolder("too-large");
    const file = join(folder, "logs.json");
    const collector = {
      receivers: {
        otlp: {
          protocols: {
            grpc: { endpoint: `127.0.0.1:${grpc}`, max_recv_msg_size_mib: 1 },
            http: { endpoint: `127.0.0.1:${http}`, max_request_body_size: 300_000 },
          },
        },
      },
      exporters: { file: { path: file } },
      service: {
        telemetry: { metrics: { level: "none" }, logs: { level: "error" } },
        pipelines: { logs: { receivers: ["otlp"], exporters: ["file"] } },
      },
    };
    await writeFile(join(folder, "collector.yaml"), stringify(collector));
    const isListening = (port: number | undefined) => async () =>
      (await fetch(`http://127.0.0.1:${port}/v1/logs`)).status === 405;
    const args = ["--config", "collector.yaml"];
    await startProcess({ name: "otelcol", program: peerPath("otelcol"), args, folder }, isListening(http));

    const endpoint = type === "otlp_grpc" ? `127.0.0.1:${grpc}` : `http://127.0.0.1:${http}`;
    const reader = { pull: { exporter: { prometheus: { host: "127.0.0.1", port: own } } } };
    const gostcol = {
      receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${into}` } } } },
      exporters: { [type]: { endpoint, tls: { insecure: true } } },
      service: {
        telemetry: { metrics: { readers: [reader] } },
        pipelines: { logs: { receivers: ["otlp"], exporters: [type] } },
      },
    };
    await writeFile(join(folder, "gostcol.yaml"), stringify(gostcol));
    const agent = gostcolCommand(["run", "--config", "gostcol.yaml"], folder);
    const running = await startProcess(agent, isListening(into));

    const logRecords = Array.from({ length: RECORDS }, (_, index) => ({
      timeUnixNano: "1",
      body: { stringValue: `record ${index} ${"-".repeat(100)}` },
    }));
    const answer = await fetch(`http://127.0.0.1:${into}/v1/logs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }),
    });
    expect(answer.status).toBe(200);
    const arrived = async () =>
      [...(await readFile(file, "utf8")).matchAll(/record (\d+) /g)].map(([, index]) => Number(index));
    await expect.poll(async () => (await arrived()).length, { timeout: 10_000 }).toBe(RECORDS);
    expect(await arrived()).toEqual(logRecords.map((_, index) => index));
    expect(running.stdout() + running.stderr()).toContain("a request was too large for the backend");
  },
);
