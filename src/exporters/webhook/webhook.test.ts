import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import { metricsBatch } from "../../../test/support/fake-components.ts";
import { type FakeTransport, fakeTransport } from "../../../test/support/fake-transport.ts";
import { type SendingRig, sendingRig } from "../../../test/support/sending-rig.ts";
import { Secret } from "../../component/secret.ts";
import type { HttpRequest } from "../../component/transport.ts";
import { createTransport } from "../../kit/client/transport.ts";
import { systemClock } from "../../lib/system-clock.ts";
import { metricsJson } from "../../model/otlp/json-writer.ts";
import { Row } from "../../model/points.ts";
import { SeriesTable } from "../../model/series-table.ts";
import { webhookExporter } from "./index.ts";
import { plainItems } from "./plain-item.ts";
import { keyOf, signatureOf, signer } from "./signature.ts";

const ENDPOINT = "http://hooks.example/in";
const TWO_FROM_ONE_ROW = (table: SeriesTable) => {
  const [one, two] = metricsBatch(2, table).points;
  return { rows: [new Row([one!.series, two!.series], 0, 1_000, [5, 6])], points: [] };
};

describe("the body of a request", () => {
  test("is a batch in OTLP's JSON by default", async () => {
    const table = new SeriesTable();
    expect(await bodies({})).toEqual([metricsJson(metricsBatch(2, table))]);
  });

  test("is a list of plain objects, or one of them", async () => {
    const plain = (index: number) => ({
      signal: "metrics",
      time: "1970-01-01T00:00:01.000Z",
      name: "test.bytes",
      unit: "By",
      description: "A test.",
      type: "sum",
      value: index + 1,
      attributes: { index },
      resource: { "service.name": "test" },
      scope: "test",
    });
    expect(await bodies({ format: "plain" })).toEqual([[plain(0), plain(1)]]);
    expect(await bodies({ format: "plain", requests: "item" })).toEqual([plain(0), plain(1)]);
  });

  test("of one item is OTLP's of one item", async () => {
    const each = await bodies({ requests: "item" });
    expect(each.map((body) => JSON.stringify(body).match(/asInt":"\d/g))).toEqual([['asInt":"1'], ['asInt":"2']]);
  });

  test("is what the template says, for each value of a row", async () => {
    const template = { text: "{{ name }} is {{ value }}", channel: "#traffic", n: "{{ value }}" };
    const { rig, requests } = await started({ requests: "item", template });
    await rig.deliver(TWO_FROM_ONE_ROW(rig.table));
    await rig.clock.advanceAsync(0);
    expect(requests().map(jsonOf)).toEqual([
      { text: "test.bytes is 5", channel: "#traffic", n: 5 },
      { text: "test.bytes is 6", channel: "#traffic", n: 6 },
    ]);
  });
});

test("plain spans and records say what OTLP's would, in words", () => {
  const table = new SeriesTable();
  const identity = { resource: table.resource({ "host.name": "edge" }), scope: table.scope("") };
  const ids = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
  const span = { ...identity, ...ids, name: "GET /", kind: "server" as const, startNanos: 1_500_000_000n, events: [] };
  const attributes = { big: 2n ** 60n, bytes: new Uint8Array([1, 2]), list: [1, "x"], nan: Number.NaN };
  const spans = [{ ...span, endNanos: 1_750_500_000n, attributes, status: { code: "error" as const, message: "no" } }];
  expect(plainItems("traces", { spans })).toEqual([
    {
      signal: "traces",
      time: "1970-01-01T00:00:01.500Z",
      end_time: "1970-01-01T00:00:01.750Z",
      duration_ms: 250.5,
      name: "GET /",
      kind: "server",
      status: "error",
      status_message: "no",
      trace_id: ids.traceId,
      span_id: ids.spanId,
      attributes: { big: "1152921504606846976", bytes: "AQI=", list: [1, "x"], nan: "NaN" },
      resource: { "host.name": "edge" },
    },
  ]);
  const record = {
    ...identity,
    timeNanos: 0n,
    observedTimeNanos: 2_000_000_000n,
    severityNumber: 9,
    severityText: "INFO",
  };
  const records = [{ ...record, eventName: "gost.service.state_changed", body: { a: 1 }, attributes: {} }];
  expect(plainItems("logs", { records })).toEqual([
    {
      signal: "logs",
      time: "1970-01-01T00:00:02.000Z",
      severity: "INFO",
      severity_number: 9,
      event_name: "gost.service.state_changed",
      body: { a: 1 },
      attributes: {},
      resource: { "host.name": "edge" },
    },
  ]);
});

describe("a signature", () => {
  test("is what Standard Webhooks gives for its own example", () => {
    const key = keyOf(new Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))!;
    const body = Buffer.from('{"test": 2432232314}');
    const signed = { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: "1614265330", body };
    expect(signatureOf(key, signed)).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  });

  test("is made with the text itself, or with what the base64 behind whsec_ stands for", () => {
    for (const [secret, key] of [
      ["whsec_bm90IGEgcmVhbCBzZWNyZXQ=", "not a real secret"],
      ["not a real secret", "not a real secret"],
    ] as const) {
      const body = Buffer.from('{"test": 1}');
      const headers = signer(keyOf(new Secret(secret)))(body, 1_614_265_330_999);
      const signed = `${headers["webhook-id"]}.1614265330.{"test": 1}`;
      expect(headers["webhook-signature"]).toBe(`v1,${createHmac("sha256", key).update(signed).digest("base64")}`);
    }
  });

  test("is checked by a server over what it received, compressed or not, and its id stays when it is sent again", async () => {
    for (const compression of ["none", "gzip"]) {
      const seen: { readonly id: string; readonly isGenuine: boolean }[] = [];
      const url = await listening(async (request) => {
        const sent = await bytesOf(request);
        const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent;
        const header = (name: string) => String(request.headers[name]);
        const id = header("webhook-id");
        const signed = `${id}.${header("webhook-timestamp")}.${body}`;
        const expected = `v1,${createHmac("sha256", "a shared secret").update(signed).digest("base64")}`;
        seen.push({ id, isGenuine: header("webhook-signature") === expected });
        return seen.length === 1 ? 503 : 204;
      });
      const config = { endpoint: url, secret: "a shared secret", compression };
      const rig = await sendingRig(webhookExporter, config, createTransport({ clock: systemClock }));
      await rig.deliver(metricsBatch(1, rig.table));
      await expect
        .poll(async () => {
          await rig.clock.advanceAsync(1000);
          return seen.length;
        })
        .toBe(2);
      expect(seen).toEqual([
        { id: seen[0]!.id, isGenuine: true },
        { id: seen[0]!.id, isGenuine: true },
      ]);
      await expect.poll(() => rig.total("otelcol_exporter_sent_metric_points")).toBe(1);
      await rig.stop();
    }
  });

  test("is absent without a secret; the id is there all the same", async () => {
    const { rig, requests } = await started({});
    await rig.deliver(metricsBatch(1, rig.table));
    await rig.clock.advanceAsync(0);
    expect(requests()[0]!.headers).toMatchObject({ "webhook-id": expect.stringMatching(/^msg_[0-9a-f]{32}$/) });
    expect(requests()[0]!.headers).not.toHaveProperty("webhook-signature");
  });
});

test("an item that is refused for good is given up alone", async () => {
  const { rig } = await started({ requests: "item" }, (request) => (/"asInt":"2"/.test(textOf(request)) ? 400 : 200));
  await rig.deliver(metricsBatch(3, rig.table));
  await rig.clock.advanceAsync(0);
  expect(rig.total("otelcol_exporter_sent_metric_points")).toBe(2);
  expect(rig.total("gostcol_exporter_dropped_items", { reason: "http_400" })).toBe(1);
});

test("configured headers come before its own content type, and not before the signature", async () => {
  const headers = { "Content-Type": "application/cloudevents+json", "webhook-id": "mine", "x-tenant": "edge" };
  const { rig, requests } = await started({ headers, method: "PUT" });
  await rig.deliver(metricsBatch(1, rig.table));
  await rig.clock.advanceAsync(0);
  const [request] = requests();
  expect(request).toMatchObject({
    method: "PUT",
    headers: { "content-type": "application/cloudevents+json", "x-tenant": "edge" },
  });
  expect(request!.headers["webhook-id"]).toMatch(/^msg_/);
});

test.each([
  [{ template: { text: "{{ name }}" } }, "template"],
  [{ secret: "whsec_not base64" }, "secret"],
  [{ secret: "" }, "secret"],
])("%o is a problem of the configuration", (config, field) => {
  const problems = webhookExporter.check!(webhookExporter.config.parse({ endpoint: ENDPOINT, ...config }));
  expect(problems).toMatchObject([{ severity: "error", path: [field] }]);
});

async function started(
  config: object,
  status: (request: HttpRequest) => number = () => 200,
): Promise<{ readonly rig: SendingRig; readonly requests: () => readonly HttpRequest[] }> {
  const transport: FakeTransport = fakeTransport({
    http: (request) => ({ status: status(request), headers: {}, body: new Uint8Array() }),
  });
  const rig = await sendingRig(webhookExporter, { endpoint: ENDPOINT, ...config }, transport);
  onTestFinished(() => rig.stop());
  return { rig, requests: () => transport.sent.flatMap((sent) => (sent.type === "http" ? [sent.request] : [])) };
}

/** The bodies of what is sent for a batch of two points. */
async function bodies(config: object): Promise<readonly unknown[]> {
  const { rig, requests } = await started(config);
  await rig.deliver(metricsBatch(2, rig.table));
  await rig.clock.advanceAsync(0);
  return requests().map(jsonOf);
}

const textOf = ({ body }: HttpRequest): string => Buffer.from(body).toString();
const jsonOf = (request: HttpRequest): unknown => JSON.parse(textOf(request));

/** A server that answers with these statuses. */
async function listening(answer: (request: IncomingMessage) => Promise<number>): Promise<string> {
  const server = createServer((request, response) => {
    void answer(request).then((status) => response.writeHead(status).end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
