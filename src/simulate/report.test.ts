import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type GostEvent, reportJson, type Stats } from "./report.ts";
import { reportProtobuf } from "./report-protobuf.ts";

test("writes JSON as GOST does, byte for byte in every captured report", () => {
  const bodies = capturedBodies();
  expect(bodies.length).toBeGreaterThan(50);
  for (const body of bodies) expect(reportJson(eventsOf(body))).toBe(body);
});

test("escapes in JSON what Go escapes", () => {
  const client = `<b>&"\\\u2028\ud800é🙂`;
  const body = reportJson([clientStats({ client })]);
  expect(body).toContain(String.raw`"client":"\u003cb\u003e\u0026\"\\\u2028${"\ufffd"}é🙂"`);
  expect(JSON.parse(body).events[0].client).toBe(client.toWellFormed());
});

// Messages of a real GOST.
test.each<[GostEvent, string]>([
  [
    { kind: "service", service: "svc-socks-grpc", type: "status", state: "running" },
    "Ck8KB3NlcnZpY2USDnN2Yy1zb2Nrcy1ncnBjIgZzdGF0dXMyLAoHcnVubmluZxIhc2VydmljZSBzdmMtc29ja3MtZ3JwYyBpcyBydW5uaW5n",
  ],
  [
    clientStats({
      service: "svc-socks-grpc",
      client: "alice",
      stats: { totalConns: 2, inputBytes: 79, outputBytes: 865 },
    }),
    "CjAKB2hhbmRsZXISDnN2Yy1zb2Nrcy1ncnBjGgVhbGljZSIFc3RhdHMqBwgCGE8g4QY=",
  ],
  [
    {
      ...clientStats({ service: "svc-b-grpc", stats: { totalConns: 1, inputBytes: 131, outputBytes: 874 } }),
      kind: "service",
    },
    "CiYKB3NlcnZpY2USCnN2Yy1iLWdycGMiBXN0YXRzKggIARiDASDqBg==",
  ],
])("writes protobuf as GOST does: %j", (event, base64) => {
  expect(Buffer.from(reportProtobuf([event])).toString("base64")).toBe(base64);
});

test("writes counts above 32 bits in protobuf", () => {
  const message = reportProtobuf([clientStats({ stats: { outputBytes: 2 ** 53 - 1 } })]);
  expect(Buffer.from(message).toString("hex")).toContain("20ffffffffffffff0f");
});

function clientStats(parts: { service?: string; client?: string; stats?: Partial<Stats> }) {
  const { service = "web", client = "", stats } = parts;
  const zero = { totalConns: 0, currentConns: 0, inputBytes: 0, outputBytes: 0, totalErrs: 0 };
  return { kind: "handler", service, client, type: "stats", stats: { ...zero, ...stats } } as const;
}

function capturedBodies(): string[] {
  const folder = join(import.meta.dirname, "../../test/fixtures/gost");
  const lines = readdirSync(folder)
    .filter((name) => name.endsWith(".jsonl"))
    .flatMap((name) => readFileSync(join(folder, name), "utf8").trim().split("\n"));
  return lines
    .map((line): { path: string; body?: string } => JSON.parse(line))
    .flatMap(({ path, body }) => (body !== undefined && path.startsWith("/observer") ? [body] : []));
}

interface JsonEvent {
  readonly kind: "service" | "handler";
  readonly service: string;
  readonly client?: string;
  readonly status?: { readonly state: "running" | "ready" | "failed" | "closed" };
  readonly stats?: Stats;
}

function eventsOf(body: string): GostEvent[] {
  return JSON.parse(body).events.map(({ kind, service, client = "", status, stats }: JsonEvent) =>
    status === undefined
      ? { kind, service, client, type: "stats", stats }
      : { kind, service, type: "status", state: status.state },
  );
}
