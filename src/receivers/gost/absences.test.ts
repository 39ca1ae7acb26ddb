import { describe, expect, test } from "vitest";
import { type GostRig, startReceiver, stats, status } from "../../../test/support/gost-rig.ts";
import { Refusal } from "../../component/refusal.ts";

const HOUR_MS = 3_600_000;
const PATH = "/observer/edge-1";
const reportOf = (...events: unknown[]) => JSON.stringify({ events });
const moved = (service: string) => stats("service", service, [1, 1, 5, 5, 0]);

/** `ObserveRequest` with one service's stats: `gd` has one connection. */
const GRPC_REPORT = Buffer.from("0a1a0a07736572766963651202676422057374617473" + "2a0408011001", "hex");
const TOKEN = { auth: { tokens: [{ token: "x", node: "edge-1" }] } };

/** The sources of which was told that they are gone, each time. */
function gone(agent: GostRig): string[] {
  return agent.taken.flatMap(({ metrics }) =>
    metrics
      .filter(({ source }) => source?.life.some(({ type }) => type === "gone"))
      .map(({ source }) => `${source!.source.kind} ${source!.source.service}`),
  );
}

/** What each state of a service was said to be last. */
function state(agent: GostRig, service: string): Record<string, number> {
  const states: Record<string, number> = {};
  for (const { metrics } of agent.taken) {
    for (const { series, value, extra } of metrics.flatMap(({ points }) => points)) {
      if (series.metric.name !== "gost.service.state" || series.attributes["gost.service.name"] !== service) continue;
      const name = String(series.attributes["gost.service.state"]);
      if (extra?.noRecordedValue) delete states[name];
      else states[name] = value as number;
    }
  }
  return states;
}

const READY = { running: 0, ready: 1, failed: 0, closed: 0 };

describe("with a node that is gone", () => {
  test("the states and open connections of its services have no value, until each is heard of again", async () => {
    const agent = await startReceiver();
    const connection = agent.connect();
    await connection.send({ path: PATH, body: reportOf(status("web", "ready"), status("api", "ready"), moved("web")) });
    connection.end();
    await agent.clock.advanceAsync(140_000);
    expect([state(agent, "web"), gone(agent)]).toEqual([READY, []]);
    await agent.clock.advanceAsync(60_000);
    expect([state(agent, "web"), state(agent, "api")]).toEqual([{}, {}]);
    expect(gone(agent)).toEqual(["service web", "handler web", "service api", "handler api"]);
    await agent.post([moved("web")], PATH);
    await agent.clock.advanceAsync(60_000);
    expect([state(agent, "web"), state(agent, "api")]).toEqual([READY, {}]);
  });

  test("that is told as soon as it can be, where it was refused, and logged once", async () => {
    const agent = await startReceiver();
    const connection = agent.connect();
    await connection.send({ path: PATH, body: reportOf(status("web", "ready")) });
    connection.end();
    agent.refuse.consume = new Refusal("retryable", "busy", "not now");
    await agent.clock.advanceAsync(300_000);
    expect([state(agent, "web"), gone(agent)]).toEqual([READY, []]);
    delete agent.refuse.consume;
    await agent.clock.advanceAsync(5_000);
    expect([state(agent, "web"), gone(agent)]).toEqual([{}, ["service web", "handler web"]]);
    expect(agent.log().filter((line) => line.includes("is gone"))).toHaveLength(1);
  });

  test("whose observer was gRPC the log says what may be the reason", async () => {
    const agent = await startReceiver(TOKEN);
    const grpc = agent.connect({ protocol: "grpc" });
    await grpc.send({ headers: { token: "x" }, body: GRPC_REPORT });
    grpc.end();
    await agent.clock.advanceAsync(200_000);
    expect(agent.log().at(-1)).toMatch(
      /^warn edge-1 is gone: .*GOST's gRPC observers stay silent until it is restarted/,
    );
  });
});

describe("a service that is silent while others of its node report", () => {
  async function twoServices() {
    const agent = await startReceiver();
    const connection = agent.connect();
    const send = (...events: unknown[]) => connection.send({ path: PATH, body: reportOf(...events) });
    await send(status("web", "ready"), status("api", "ready"), moved("web"), moved("api"));
    return { agent, send };
  }

  test("for an hour is said to be, once, and what it has now has no value, until it reports", async () => {
    const { agent, send } = await twoServices();
    for (let minute = 1; minute < 180; minute++) {
      await agent.clock.advanceAsync(60_000);
      await send(moved("api"));
      if (minute === 59) expect([state(agent, "web"), gone(agent)]).toEqual([READY, []]);
    }
    expect([state(agent, "web"), state(agent, "api")]).toEqual([{}, READY]);
    expect(gone(agent)).toEqual(["service web", "handler web"]);
    expect(agent.log().slice(1)).toEqual([
      "info no report for an hour from web of edge-1, while others of it report: idle, or removed without a word",
    ]);
    await send(moved("web"));
    await agent.clock.advanceAsync(60_000);
    expect(state(agent, "web")).toEqual(READY);
  });

  test("is not said to be where all are: an idle node says nothing", async () => {
    const { agent, send } = await twoServices();
    await agent.clock.advanceAsync(30 * HOUR_MS);
    await send(moved("web"), moved("api"));
    await agent.clock.advanceAsync(60_000);
    expect([state(agent, "web"), gone(agent), agent.log().length]).toEqual([READY, [], 1]);
  });

  test("that closed has no open connections 150 s after its last word, and stays closed", async () => {
    const { agent, send } = await twoServices();
    await send(status("web", "closed"));
    await agent.clock.advanceAsync(100_000);
    await send(moved("web")); // A connection that outlived it.
    await agent.clock.advanceAsync(140_000);
    expect(gone(agent)).toEqual([]);
    await agent.clock.advanceAsync(15_000);
    expect(gone(agent)).toEqual(["service web", "handler web"]);
    await agent.clock.advanceAsync(HOUR_MS);
    expect(gone(agent)).toHaveLength(2);
    expect(state(agent, "web")).toEqual({ running: 0, ready: 0, failed: 0, closed: 1 });
  });

  test("that said that it closed is no news", async () => {
    const { agent, send } = await twoServices();
    await send(status("web", "closed"));
    await agent.clock.advanceAsync(2 * HOUR_MS);
    await send(moved("api"));
    await agent.clock.advanceAsync(60_000);
    expect([state(agent, "web"), agent.log().length]).toEqual([{}, 1]);
  });
});

describe("a gRPC observer that is silent while its node goes on over HTTP", () => {
  async function twoObservers() {
    const agent = await startReceiver(TOKEN);
    const grpc = agent.connect({ protocol: "grpc" });
    const http = agent.connect();
    const overGrpc = (connection = grpc) => connection.send({ headers: { token: "x" }, body: GRPC_REPORT });
    const overHttp = () => http.send({ headers: { authorization: "Bearer x" }, body: reportOf(moved("web")) });
    await overGrpc();
    await overHttp();
    return { agent, grpc, http, overGrpc, overHttp };
  }

  const lines = (agent: GostRig) => agent.log().filter((line) => line.includes("gRPC observer is silent"));

  test("is warned of once, and what it had has no value", async () => {
    const { agent, grpc, overHttp } = await twoObservers();
    grpc.end();
    for (let tick = 0; tick < 10; tick++) {
      await agent.clock.advanceAsync(60_000);
      await overHttp();
    }
    expect(lines(agent)).toHaveLength(1);
    expect(lines(agent)[0]).toMatch(
      /^warn edge-1's gRPC observer is silent, while it reports over HTTP: after a service/,
    );
    expect(gone(agent)).toEqual(["service gd", "handler gd"]);
    expect(agent.log().filter((line) => line.includes("is gone"))).toEqual([]);
  });

  test("is no news where the whole node was away in between: its next process may do without one", async () => {
    const { agent, grpc, http } = await twoObservers();
    grpc.end();
    http.end();
    await agent.clock.advanceAsync(10_000);
    await agent.connect().send({ headers: { authorization: "Bearer x" }, body: reportOf(moved("web")) });
    await agent.clock.advanceAsync(600_000);
    expect(lines(agent)).toEqual([]);
  });

  test("is given the time that gRPC takes to try again", async () => {
    const { agent, grpc, overGrpc, overHttp } = await twoObservers();
    grpc.end();
    await agent.clock.advanceAsync(144_000);
    await overHttp();
    await overGrpc(agent.connect({ protocol: "grpc" }));
    await agent.clock.advanceAsync(600_000);
    expect([lines(agent), gone(agent)]).toEqual([[], []]);
  });
});
