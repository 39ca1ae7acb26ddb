import { describe, expect, test } from "vitest";
import { type GostRig, startReceiver, stats, status } from "../../../test/support/gost-rig.ts";
import { Refusal } from "../../component/refusal.ts";
import { NEVER } from "../../lib/abort.ts";
import { allPoints, pointCount } from "../../model/points.ts";

const web = stats("service", "web", [1, 0, 5, 5, 0]);
const reportOf = (...events: unknown[]) => JSON.stringify({ events });

/** Every value of a metric of nodes that was taken, as `node value`. */
function nodeValues(agent: GostRig, name: string): string[] {
  return agent.taken.flatMap(({ metrics }) =>
    metrics.flatMap((batch) =>
      allPoints(batch)
        .filter(({ series }) => series.metric.name === name)
        .map(({ series, value }) => `${String(series.resource.attributes["service.instance.id"])} ${String(value)}`),
    ),
  );
}

const up = (agent: GostRig) => nodeValues(agent, "gost.node.up");

describe("a node", () => {
  test("is up with every report, and says when that was", async () => {
    const agent = await startReceiver();
    await agent.post([web]);
    expect(up(agent)).toEqual(["edge-1 1"]);
    expect(nodeValues(agent, "gost.node.last_report.time")).toEqual([`edge-1 ${agent.clock.now() / 1000}`]);
  });

  test("stays up for as long as it is connected, however idle", async () => {
    const agent = await startReceiver();
    await agent.post([web]);
    await agent.clock.advanceAsync(3_600_000);
    expect(up(agent)).toEqual(["edge-1 1"]);
  });

  test("is gone 150 s after its last connection, and back with its next report", async () => {
    const agent = await startReceiver();
    const connection = agent.connect();
    await connection.send({ path: "/observer/edge-1", body: reportOf(web) });
    await agent.clock.advanceAsync(60_000);
    connection.end();
    await agent.clock.advanceAsync(149_000);
    expect(up(agent)).toEqual(["edge-1 1"]);
    await agent.clock.advanceAsync(10_000);
    expect(up(agent)).toEqual(["edge-1 1", "edge-1 0"]);
    await agent.clock.advanceAsync(600_000);
    await agent.post([web]);
    expect(up(agent)).toEqual(["edge-1 1", "edge-1 0", "edge-1 1"]);
    expect(agent.log()).toEqual([
      "info edge-1 reports: http observer, 1 service, mode not told",
      "warn edge-1 is gone: no connection, and no report for a while",
      "info edge-1 is back",
    ]);
  });

  test("that reports rarely, each time on a new connection, has three of its periods", async () => {
    const agent = await startReceiver();
    for (let report = 0; report < 5; report++) {
      const connection = agent.connect();
      await connection.send({ path: "/observer/edge-1", body: reportOf(web) });
      connection.end();
      await agent.clock.advanceAsync(report === 0 ? 100_000 : 250_000);
    }
    expect(up(agent)).toEqual(Array(5).fill("edge-1 1"));
    await agent.clock.advanceAsync(100_000);
    expect(up(agent).at(-1)).toBe("edge-1 0");
  });

  test("whose connection we ended ourselves, idle or in doubt, is not gone", async () => {
    const agent = await startReceiver();
    const connection = agent.connect();
    await connection.send({ path: "/observer/edge-1", body: reportOf(web) });
    connection.end("us");
    await agent.clock.advanceAsync(600_000);
    expect(up(agent)).toEqual(["edge-1 1"]);
  });

  test("is gone in the numbers as soon as they can be told, where that was refused", async () => {
    const agent = await startReceiver();
    const connection = agent.connect();
    await connection.send({ path: "/observer/edge-1", body: reportOf(web) });
    connection.end();
    agent.refuse.consume = new Refusal("retryable", "busy", "not now");
    await agent.clock.advanceAsync(300_000);
    delete agent.refuse.consume;
    expect(up(agent)).toEqual(["edge-1 1"]);
    await agent.clock.advanceAsync(5_000);
    expect(up(agent)).toEqual(["edge-1 1", "edge-1 0"]);
  });
});

describe("connections that are gone", () => {
  const lost = (agent: GostRig) =>
    agent.taken.flatMap(({ metrics }) =>
      metrics
        .filter(({ source }) => source?.life.some(({ type }) => type === "connections_lost"))
        .map((batch) => `${batch.source!.source.key} ${pointCount(batch)}`),
    );

  test("are told to all sources that reported over them, once the last one has ended", async () => {
    const agent = await startReceiver();
    const [first, second] = [agent.connect(), agent.connect()];
    const path = "/observer/edge-1";
    await first.send({ path, body: reportOf(web) });
    await second.send({ path, body: reportOf(stats("handler", "web", [1, 0, 5, 5, 0], "alice")) });
    await agent.connect().send({ path: "/observer/edge-2", body: reportOf(web) });
    first.end();
    expect(lost(agent)).toEqual([]);
    second.end();
    expect(lost(agent)).toEqual(['["edge-1","service","web"] 0', '["edge-1","handler","web"] 0']);
  });

  test("are told for each transport", async () => {
    const agent = await startReceiver({ auth: { tokens: [{ token: "x", node: "edge-1" }] } });
    const grpc = agent.connect({ protocol: "grpc" });
    await agent.connect().send({ headers: { authorization: "Bearer x" }, body: reportOf(web) });
    await grpc.send({
      headers: { token: "x" },
      body: Buffer.from("0a1a0a07736572766963651202676422057374617473" + "2a0408011001", "hex"),
    });
    grpc.end();
    expect(lost(agent)).toEqual(['["edge-1","service","gd"] 0']);
  });

  test("are told again where they were refused", async () => {
    const agent = await startReceiver();
    const connection = agent.connect();
    await connection.send({ path: "/observer/edge-1", body: reportOf(web) });
    agent.refuse.admission = new Refusal("retryable", "busy", "not now");
    connection.end();
    delete agent.refuse.admission;
    await agent.clock.advanceAsync(5_000);
    expect(lost(agent)).toEqual(['["edge-1","service","web"] 0']);
  });

  test("because we stop are not told", async () => {
    const agent = await startReceiver();
    await agent.post([web]);
    await agent.receiver.stop?.(NEVER);
    expect(lost(agent)).toEqual([]);
  });
});

describe("the log says", () => {
  test("once how a new node reports, when its services had their time to start", async () => {
    const agent = await startReceiver();
    const path = "/observer/edge-1?temporality=delta";
    for (const service of ["a", "b", "c"]) await agent.post([status(service, "running")], path);
    expect(agent.log()).toEqual([]);
    await agent.clock.advanceAsync(60_000);
    expect(agent.log()).toEqual(["info edge-1 reports: http observer, 3 services, delta"]);
  });

  test("how a new node reports even if we stop at once", async () => {
    const agent = await startReceiver();
    await agent.post([web]);
    await agent.receiver.stop?.(NEVER);
    expect(agent.log()).toEqual(["info edge-1 reports: http observer, 1 service, mode not told"]);
  });

  test("what to do where two GOSTs without a name may mix", async () => {
    const agent = await startReceiver();
    await agent.connect({ protocol: "grpc" }).send({});
    expect(agent.log()).toEqual([]);
    await agent.connect({ protocol: "grpc" }).send({});
    expect(agent.log()[0]).toMatch(/^warn this-machine has 2 gRPC connections .* a token with a node/);
  });

  test("that one name is used from two addresses", async () => {
    const agent = await startReceiver();
    for (const address of ["10.0.0.1:1", "10.0.0.1:2", "10.0.0.2:1"]) {
      await agent.connect({ address }).send({ path: "/observer/edge-1", body: reportOf(web) });
    }
    expect(agent.log()).toHaveLength(1);
    expect(agent.log()[0]).toMatch(/^warn edge-1 reports from 10\.0\.0\.\d and 10\.0\.0\.\d: if these are two GOSTs/);
  });
});
