import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { startReceiver, stats, status } from "../../../test/support/gost-rig.ts";
import { Refusal } from "../../component/refusal.ts";
import { NEVER } from "../../lib/abort.ts";
import { pointCount } from "../../model/points.ts";

const busy = new Refusal("retryable", "busy", "not now", { retryAfterMs: 2500 });

describe("the gost receiver over HTTP", () => {
  test("answers a report with what GOST takes for success", async () => {
    const agent = await startReceiver();
    const { answer, text } = await agent.post([stats("service", "service-0", [1, 0, 235, 632, 0])]);
    expect(answer.status).toBe(200);
    expect(answer.headers).toEqual({ "Content-Type": "application/json" });
    expect(text).toBe('{"ok":true}');
  });

  test("gives the five numbers of a service and of its clients, each level under its own names", async () => {
    const agent = await startReceiver();
    await agent.post([stats("service", "web", [3, 1, 235, 632, 2])]);
    await agent.post([stats("handler", "web", [2, 1, 30, 40, 0], "alice"), stats("handler", "web", [1, 0, 5, 6, 0])]);
    expect(agent.points()).toEqual([
      "gost.service.connection.handled{gost.service.name=web} 3",
      "gost.service.connection.active{gost.service.name=web} 1",
      "gost.service.io{gost.service.name=web,network.io.direction=receive} 235",
      "gost.service.io{gost.service.name=web,network.io.direction=transmit} 632",
      "gost.service.errors{gost.service.name=web} 2",
      "gost.client.connection.handled{gost.service.name=web,gost.client.id=alice} 2",
      "gost.client.connection.active{gost.service.name=web,gost.client.id=alice} 1",
      "gost.client.io{gost.service.name=web,gost.client.id=alice,network.io.direction=receive} 30",
      "gost.client.io{gost.service.name=web,gost.client.id=alice,network.io.direction=transmit} 40",
      "gost.client.errors{gost.service.name=web,gost.client.id=alice} 0",
      "gost.client.connection.handled{gost.service.name=web,gost.client.id=} 1",
      "gost.client.connection.active{gost.service.name=web,gost.client.id=} 0",
      "gost.client.io{gost.service.name=web,gost.client.id=,network.io.direction=receive} 5",
      "gost.client.io{gost.service.name=web,gost.client.id=,network.io.direction=transmit} 6",
      "gost.client.errors{gost.service.name=web,gost.client.id=} 0",
    ]);
  });

  test("makes one batch for each source, with the facts of the report", async () => {
    const agent = await startReceiver();
    const reply = await agent.post(
      [
        stats("handler", "web", [1, 1, 1, 1, 0], "alice"),
        stats("service", "web", [1, 1, 9, 9, 0]),
        stats("handler", "web", [2, 1, 1, 1, 0], "bob"),
        stats("handler", "mail", [2, 1, 1, 1, 0], "bob"),
      ],
      "/observer?node=edge-1&temporality=delta&epoch=boot-7",
    );
    const { metrics } = agent.taken[0]!;
    expect(metrics.map((batch) => [batch.source?.source.key, pointCount(batch)])).toEqual([
      ['["edge-1","handler","web"]', 10 + 2], // The node's own two go with the first.
      ['["edge-1","service","web"]', 5],
      ['["edge-1","handler","mail"]', 5],
    ]);
    expect(metrics[0]!.source).toMatchObject({ told: "delta", epoch: "boot-7", life: [] });
    expect(metrics[0]!.source?.receipt).toBe(reply.receipt);
  });

  test("gives equal reports equal fingerprints, and others different ones", async () => {
    const agent = await startReceiver();
    await agent.post([stats("service", "web", [1, 0, 5, 5, 0])]);
    await agent.post([stats("service", "web", [1, 0, 5, 5, 0])]);
    await agent.post([stats("service", "web", [1, 0, 5, 6, 0])]);
    const [first, second, third] = agent.taken.map(({ metrics }) => metrics[0]!.source?.fingerprint);
    expect(first).toBeTypeOf("number");
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  test("keeps the members of a stream together, with what they are", async () => {
    const agent = await startReceiver({ resource: { "deployment.environment": "prod" } });
    await agent.post([stats("handler", "web", [1, 1, 1, 1, 0], "alice")]);
    const { stream, resource } = agent.taken[0]!.metrics[0]!.rows[0]!.series[0]!;
    expect(resource.attributes).toEqual({
      "service.name": "gost",
      "service.instance.id": "edge-1",
      "deployment.environment": "prod",
    });
    expect(stream).toMatchObject({ key: '["edge-1","handler","web","alice"]', client: "alice" });
    expect(stream!.members.map(({ behaviour }) => behaviour)).toEqual([
      "cumulative",
      "level",
      "by_mode",
      "by_mode",
      "cumulative",
    ]);
    expect(stream!.members.map(({ uncertain }) => uncertain?.metric.name)).toEqual([
      undefined,
      undefined,
      "gost.client.io.uncertain",
      "gost.client.io.uncertain",
      undefined,
    ]);
  });

  test("lets configuration name the resource's service.name", async () => {
    const agent = await startReceiver({ resource: { "service.name": "proxy" } });
    await agent.post([stats("service", "web", [1, 1, 1, 1, 0])]);
    expect(agent.taken[0]!.metrics[0]!.rows[0]!.series[0]!.resource.attributes["service.name"]).toBe("proxy");
  });

  test("takes an empty list of events, and nothing that has none", async () => {
    const agent = await startReceiver();
    const send = async (body: string) => (await agent.connect().send({ body })).answer.status;
    expect(await send('{"events":[]}')).toBe(200);
    for (const body of ["{}", "[]", "null", '{"events":{}}', '{"events":null}', "", "{", "127.0.0.1", '{"events":[}']) {
      expect([body, await send(body)]).toEqual([body, 400]);
    }
    expect(agent.taken).toEqual([]);
  });

  test("says why a body is no report", async () => {
    const agent = await startReceiver();
    const text = async (body: string) => (await agent.connect().send({ body })).text;
    expect(await text("{")).toMatch(/^the body is not JSON: /);
    expect(await text("{}")).toBe('the body is not an observer\'s report: it has no list "events"\n');
    for (const record of [
      '{"service":"web","sid":"c0","time":"2026-01-01T00:00:00Z"}',
      '{"data":"e30=","metadata":""}',
    ]) {
      expect(await text(record)).toMatch(/recorder's record/);
    }
    expect(agent.counted()).toMatchObject({
      "rejected{transport=http,reason=not_json}": 1,
    });
  });

  test("refuses with an empty body and the time to wait, whoever refused", async () => {
    const agent = await startReceiver();
    for (const stage of ["admission", "examine", "consume"] as const) {
      agent.refuse[stage] = busy;
      const { answer, text } = await agent.post([stats("service", "web", [1, 0, 5, 5, 0])]);
      expect([stage, answer, text]).toEqual([stage, { status: 503, headers: { "Retry-After": "3" } }, ""]);
      delete agent.refuse[stage];
    }
    expect(agent.taken).toEqual([]);
  });

  test("does not even read a large report while there is no room", async () => {
    const agent = await startReceiver();
    agent.refuse.admission = busy;
    const send = async (body: string) => (await agent.connect().send({ body })).answer.status;
    expect(await send("{")).toBe(400);
    expect(await send("{".repeat(20_000))).toBe(503);
    delete agent.refuse.admission;
    expect(await send("{".repeat(20_000))).toBe(400);
  });

  test("takes nothing whose sender was gone before it was handled", async () => {
    const agent = await startReceiver();
    const body = JSON.stringify({ events: [stats("service", "web", [1, 0, 2, 3, 0])] });
    const { answer } = await agent.connect().send({ path: "/observer?node=edge-1", body, abandoned: true });
    expect(answer.status).toBe(503);
    expect(agent.points()).toEqual([]);
    expect(agent.counted()).toMatchObject({ "rejected{transport=http,reason=sender_gone}": 1 });
  });

  test("examines everything before it hands anything on", async () => {
    const agent = await startReceiver();
    agent.refuse.examine = busy;
    agent.refuse.consume = new Refusal("retryable", "too_late", "this should not have been asked");
    await agent.post([stats("service", "web", [1, 0, 5, 5, 0])]);
    expect(agent.counted()).toMatchObject({ "rejected{transport=http,reason=busy}": 1 });
  });

  test("answers what pipelines refuse for good as malformed", async () => {
    const agent = await startReceiver();
    agent.refuse.consume = new Refusal("permanent", "bad_data", "nobody can use this");
    const { answer, text } = await agent.post([stats("service", "web", [1, 0, 5, 5, 0])]);
    expect([answer.status, text]).toEqual([400, "nobody can use this\n"]);
  });

  test("answers when the pipelines are done, not before", async () => {
    const agent = await startReceiver();
    let finish = () => {};
    agent.pace.wait = new Promise((resolve) => {
      finish = resolve;
    });
    let answered = false;
    const reply = agent.post([stats("service", "web", [1, 0, 5, 5, 0])]).then(() => {
      answered = true;
    });
    await agent.clock.advanceAsync(1000);
    expect(answered).toBe(false);
    finish();
    await reply;
    expect(agent.taken).toHaveLength(1);
  });

  test("takes any path and any Content-Type, and only POST", async () => {
    const agent = await startReceiver();
    const body = JSON.stringify({ events: [stats("service", "web", [1, 0, 5, 5, 0])] });
    const form = { "content-type": "application/x-www-form-urlencoded" };
    expect((await agent.connect().send({ path: "/any/where", headers: form, body })).answer.status).toBe(200);
    const { answer } = await agent.connect().send({ method: "GET", path: "/observer" });
    expect([answer.status, answer.headers?.["Allow"]]).toEqual([405, "POST"]);
  });

  test("counts and logs what was answered below it", async () => {
    const agent = await startReceiver();
    agent.connect().reject("body_too_large", "21 MiB");
    expect(agent.counted()).toEqual({ "rejected{transport=http,reason=body_too_large}": 1 });
    expect(agent.log()).toEqual(["warn a request was rejected: 21 MiB"]);
  });
});

describe("one bad event never fails its report", () => {
  const good = stats("service", "web", [1, 0, 5, 5, 0]);
  const raw = (more: object) => ({ ...good, ...more });

  test.each([
    ["not_an_event", null],
    ["not_an_event", 7],
    ["not_an_event", "stats"],
    ["unknown_type", raw({ type: "trace" })],
    ["unknown_type", {}],
    ["unknown_kind", raw({ kind: "listener" })],
    ["unknown_kind", raw({ kind: undefined })],
    ["unknown_kind", { type: "stats" }],
    ["bad_service", raw({ service: undefined })],
    ["bad_service", raw({ service: "" })],
    ["bad_service", raw({ service: 5 })],
    ["bad_service", raw({ service: "x".repeat(1025) })],
    ["bad_service", raw({ service: "\ud800" })],
    ["bad_client", raw({ kind: "handler", client: 5 })],
    ["bad_client", raw({ kind: "handler", client: "x".repeat(1025) })],
    ["no_stats", raw({ stats: undefined })],
    ["no_stats", raw({ stats: null })],
    ["no_stats", raw({ stats: {} })],
    ["bad_count", raw({ stats: { ...good.stats, inputBytes: -1 } })],
    ["bad_count", raw({ stats: { ...good.stats, inputBytes: 1.5 } })],
    ["bad_count", raw({ stats: { ...good.stats, inputBytes: "7" } })],
    ["bad_count", raw({ stats: { ...good.stats, inputBytes: true } })],
    ["no_status", raw({ type: "status" })],
    ["unknown_state", raw({ type: "status", status: { state: "sleeping" } })],
    ["unknown_state", raw({ type: "status", status: {} })],
  ])("%s: %j", async (reason, bad) => {
    const agent = await startReceiver();
    const { answer } = await agent.post([bad, good, bad]);
    expect(answer.status).toBe(200);
    expect(agent.points()).toHaveLength(5);
    expect(agent.counted()).toMatchObject({ [`skipped_events{reason=${reason}}`]: 2 });
  });

  test.each([
    ["-0", 0],
    ["1e400", "bad"],
    ["9007199254740991", 9007199254740991],
    ["9007199254740992", 9007199254740991],
    ["9223372036854775807", 9007199254740991],
    ["9223372036854775808", 0],
    ["18446744073709551615", 0],
    ["18446744073709551616", "bad"],
    ["1e17", "bad"],
  ])("a count of %s is %s", async (text, expected) => {
    const agent = await startReceiver();
    const event = JSON.stringify(good).replace('"currentConns":0', `"currentConns":${text}`);
    const { answer } = await agent.connect().send({ body: `{"events":[${event}]}` });
    expect(answer.status).toBe(200);
    if (expected === "bad") expect(agent.counted()).toMatchObject({ "skipped_events{reason=bad_count}": 1 });
    else expect(agent.points()[1]).toBe(`gost.service.connection.active{gost.service.name=web} ${expected}`);
  });

  test("a clamped count is counted each time and logged once for its series", async () => {
    const agent = await startReceiver();
    const body = JSON.stringify({ events: [good] }).replace('"currentConns":0', '"currentConns":18446744073709551615');
    for (let index = 0; index < 3; index++) await agent.connect().send({ body });
    expect(agent.counted()).toMatchObject({ "clamped_counts{}": 3 });
    expect(agent.log()).toEqual(["warn a count is out of range and was clamped"]);
  });

  test("members of stats that are absent give no points", async () => {
    const agent = await startReceiver();
    await agent.post([raw({ stats: { inputBytes: 5, totalErrs: null, later: "x" } })]);
    expect(agent.points()).toEqual(["gost.service.io{gost.service.name=web,network.io.direction=receive} 5"]);
  });

  test("of members that come twice the last one counts, and no name reaches a prototype", async () => {
    const agent = await startReceiver();
    const event = `{"kind":"service","service":"a","service":"__proto__","type":"stats","stats":{"inputBytes":1,"inputBytes":2},"__proto__":{"client":1}}`;
    await agent.connect().send({ body: `{"events":[],"events":[${event}]}` });
    expect(agent.points()).toEqual(["gost.service.io{gost.service.name=__proto__,network.io.direction=receive} 2"]);
    expect(({} as Record<string, unknown>)["client"]).toBeUndefined();
  });

  test("nesting without end is answered", async () => {
    const agent = await startReceiver();
    const bomb = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
    const send = async (body: string) => (await agent.connect().send({ body })).answer.status;
    expect(await send(bomb)).toBe(400);
    const large = JSON.stringify(good).replace('"currentConns":0', '"currentConns":18446744073709551615');
    expect(await send(`{"events":[${large}],"more":${bomb}}`)).toBe(200);
  });

  test("any JSON gets an answer that GOST knows", async () => {
    const agent = await startReceiver();
    const member = fc.oneof(fc.constantFrom("service", "handler", "stats", "status", "web", ""), fc.jsonValue());
    const count = fc.oneof(fc.nat(), fc.bigInt({ min: 0n, max: 1n << 65n }).map(Number), fc.jsonValue());
    const event = fc.record(
      {
        kind: member,
        service: member,
        client: member,
        type: member,
        status: fc.oneof(fc.record({ state: member, msg: member }, { requiredKeys: [] }), fc.jsonValue()),
        stats: fc.oneof(fc.record({ totalConns: count, inputBytes: count }, { requiredKeys: [] }), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    const body = fc.oneof(
      fc.record({ events: fc.array(fc.oneof(event, fc.jsonValue())) }).map((value) => JSON.stringify(value)),
      fc.json(),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(body, fc.webPath(), async (text, path) => {
        const { answer } = await agent.connect().send({ path: path || "/", body: text });
        expect([200, 400]).toContain(answer.status);
      }),
      { numRuns: 300 },
    );
  });
});

describe("status events", () => {
  test("give the state, a log record, and the life of both levels", async () => {
    const agent = await startReceiver();
    await agent.post([status("web", "running")]);
    expect(agent.points()).toEqual([
      "gost.service.state{gost.service.name=web,gost.service.state=running} 1",
      "gost.service.state{gost.service.name=web,gost.service.state=ready} 0",
      "gost.service.state{gost.service.name=web,gost.service.state=failed} 0",
      "gost.service.state{gost.service.name=web,gost.service.state=closed} 0",
    ]);
    const { origin, metrics, logs } = agent.taken[0]!;
    expect(origin.irreplaceable).toBe(true);
    const at = agent.clock.now();
    expect(metrics.slice(0, 2).map(({ source }) => [source?.source.kind, source?.life, source?.fingerprint])).toEqual([
      ["service", [{ type: "began", at }], undefined],
      ["handler", [{ type: "began", at }], undefined],
    ]);
    expect(logs[0]!.records).toMatchObject([
      {
        eventName: "gost.service.state_changed",
        severityNumber: 9,
        body: "service web is running",
        timeNanos: BigInt(at) * 1_000_000n,
        attributes: { "gost.service.name": "web", "gost.service.state": "running" },
      },
    ]);
  });

  test("of a failure are errors, and of the end close the source", async () => {
    const agent = await startReceiver();
    await agent.post([status("web", "failed")]);
    await agent.post([status("web", "closed")]);
    expect(agent.taken.map(({ logs }) => logs[0]!.records[0]!.severityText)).toEqual(["ERROR", "INFO"]);
    expect(agent.taken.map(({ metrics }) => metrics[0]!.source?.life.map(({ type }) => type))).toEqual([
      [],
      ["closed"],
    ]);
  });

  test("that are refused are counted as lost, for GOST sends them once", async () => {
    const agent = await startReceiver();
    agent.refuse.admission = busy;
    await agent.post([status("web", "running")]);
    await agent.post([status("web", "running"), stats("service", "web", [1, 0, 5, 5, 0])]);
    expect(agent.counted()).toMatchObject({ "lost_statuses{}": 1, "rejected{transport=http,reason=busy}": 2 });
  });
});

describe("limits", () => {
  test("cumulative counts of clients without room are held back, for GOST still has them", async () => {
    const agent = await startReceiver({ limits: { series_per_node: 100 } });
    const clients = Array.from({ length: 20 }, (_, index) => stats("handler", "web", [1, 0, 5, 7, 0], `c${index}`));
    expect((await agent.post(clients)).answer.status).toBe(200);
    expect(agent.points()).toHaveLength(13 * 5);
    expect(agent.counted()).toMatchObject({ "skipped_events{reason=series_limit}": 7 });
    expect([...agent.gauges.get("gostcol_receiver_gost_series")!()]).toEqual([
      { value: 3 + 13 * 7, attributes: { node: "edge-1" } },
    ]);
  });

  test("deltas of clients without room are added to their service's overflow", async () => {
    const agent = await startReceiver({ limits: { series_per_node: 100 }, temporality: "delta" });
    const clients = Array.from({ length: 20 }, (_, index) => stats("handler", "web", [1, 0, 5, 7, 0], `c${index}`));
    await agent.post(clients);
    expect(agent.points().slice(13 * 5)).toEqual([
      "gost.client.io{gost.service.name=web,otel.metric.overflow=true,network.io.direction=receive} 35",
      "gost.client.io{gost.service.name=web,otel.metric.overflow=true,network.io.direction=transmit} 49",
    ]);
    expect(agent.counted()).toMatchObject({ "overflowed_events{}": 7 });
    await agent.post([stats("handler", "web", [1, 0, 5, 7, 0], "c99")]);
    expect(agent.lines.filter(({ message }) => message.includes("overflow"))).toMatchObject([
      { level: "warn", fields: { node: "edge-1", service: "web" } },
    ]);
  });

  test("a node without room is refused, so that it keeps its report", async () => {
    const agent = await startReceiver({ limits: { series: 100 } });
    for (let index = 0; index < 50; index++) {
      expect((await agent.post([{}], `/observer/n${index}`)).answer.status).toBe(200);
    }
    expect((await agent.post([{}], "/observer/one-more")).answer.status).toBe(503);
    expect((await agent.post([{}], "/observer/n7")).answer.status).toBe(200);
  });

  test("what the series table forgets makes room, and begins anew when it comes back", async () => {
    const agent = await startReceiver({ limits: { series_per_node: 100 } });
    await agent.post([stats("handler", "web", [1, 0, 5, 7, 0], "alice"), status("web", "running")]);
    expect([...agent.gauges.get("gostcol_receiver_gost_series")!()]).toMatchObject([{ value: 3 + 7 + 4 }]);
    agent.table.sweep(1);
    await agent.post([stats("handler", "web", [1, 0, 5, 7, 0], "bob")]);
    agent.table.sweep(1);
    expect([...agent.gauges.get("gostcol_receiver_gost_series")!()]).toMatchObject([{ value: 3 + 7 + 4 }]);
    const reports = () => [...agent.gauges.get("gostcol_receiver_gost_node_reports")!()];
    expect(reports()).toEqual([{ value: 2, attributes: { node: "edge-1" } }]);
    agent.table.sweep(0);
    agent.table.sweep(0);
    expect([...agent.gauges.get("gostcol_receiver_gost_series")!()]).toEqual([]);
    expect(reports()).toEqual([]);
    expect(agent.table.size).toBe(0);
    await agent.post([stats("handler", "web", [2, 0, 6, 8, 0], "alice")]);
    expect(agent.points().slice(-5)[0]).toBe(
      "gost.client.connection.handled{gost.service.name=web,gost.client.id=alice} 2",
    );
  });
});

describe("its life", () => {
  test("stops without a start, twice, and leaves nothing behind", async () => {
    const agent = await startReceiver();
    await agent.post([stats("service", "web", [1, 0, 5, 5, 0])]);
    await agent.receiver.stop?.(NEVER);
    await agent.receiver.stop?.(NEVER);
    expect([agent.clock.liveTimers, agent.network.servers[0]!.closed, agent.gauges.size]).toEqual([0, true, 0]);
    expect((await agent.receiver.health?.(NEVER))?.status).toBe("failed");
  });
});

/** What a real GOST sent, request by request. */
const CAPTURES = ["boot-and-traffic", "lost-replies", "reload", "handlers-and-recorders", "auto-handler"];

describe("the captured traffic of a real GOST", () => {
  test.each(CAPTURES)("%s: every report of an observer is taken without an event left out", async (name) => {
    const agent = await startReceiver();
    const lines = readFileSync(join(import.meta.dirname, "../../../test/fixtures/gost", `${name}.jsonl`), "utf8");
    let observed = 0;
    for (const line of lines.trim().split("\n")) {
      const call = JSON.parse(line) as {
        transport: "http" | "grpc";
        path: string;
        headers?: Record<string, string>;
        body?: string;
        message_base64?: string;
      };
      const isReport =
        call.transport === "grpc" ? call.path === "/proto.Observer/Observe" : call.path.startsWith("/observer");
      const { answer } = await agent
        .connect({ protocol: call.transport })
        .send({ path: call.path, body: call.body ?? Buffer.from(call.message_base64 ?? "", "base64") });
      const success = call.transport === "grpc" ? 0 : 200;
      expect([line, answer.status === success]).toEqual([line, isReport]);
      if (isReport) observed++;
    }
    expect(observed).toBeGreaterThan(4);
    expect(Object.keys(agent.counted()).filter((key) => key.startsWith("skipped"))).toEqual([]);
  });
});
