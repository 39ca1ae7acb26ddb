import { describe, expect, test } from "vitest";
import { type GostRig, startReceiver, stats, status } from "../../../test/support/gost-rig.ts";
import { Refusal } from "../../component/refusal.ts";
import { NEVER } from "../../lib/abort.ts";
import { allPoints, pointCount } from "../../model/points.ts";

const web = stats("service", "web", [1, 0, 5, 5, 0]);
const reportOf = (...events: unknown[]) => JSON.stringify({ events });

/** Every value of a metric of nodes that was taken, as `node value`; `none` where it was taken out. */
function nodeValues(agent: GostRig, name: string): string[] {
  return agent.taken.flatMap(({ metrics }) =>
    metrics.flatMap((batch) =>
      allPoints(batch)
        .filter(({ series }) => series.metric.name === name)
        .map(({ series, value, extra }) => {
          const node = String(series.resource.attributes["service.instance.id"]);
          return `${node} ${extra?.noRecordedValue ? "none" : String(value)}`;
        }),
    ),
  );
}

/** What `gost.node.up` was one after the other, however often it was said. */
function up(agent: GostRig): string[] {
  return nodeValues(agent, "gost.node.up").filter((value, index, all) => value !== all[index - 1]);
}

const HOUR_MS = 3_600_000;

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
    expect(up(agent)).toEqual(["edge-1 1"]);
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

describe("what is known of a node", () => {
  test("is said every minute, so that no series vanishes for want of news", async () => {
    const agent = await startReceiver();
    await agent.post([status("web", "running"), web]);
    const reportedAt = agent.clock.now() / 1000;
    agent.taken.length = 0;
    await agent.clock.advanceAsync(180_000);
    expect(nodeValues(agent, "gost.node.up")).toEqual(["edge-1 1", "edge-1 1", "edge-1 1"]);
    expect(nodeValues(agent, "gost.node.last_report.time")).toEqual(Array(3).fill(`edge-1 ${reportedAt}`));
    expect(agent.points().slice(0, 4)).toEqual([
      "gost.service.state{gost.service.name=web,gost.service.state=running} 1",
      "gost.service.state{gost.service.name=web,gost.service.state=ready} 0",
      "gost.service.state{gost.service.name=web,gost.service.state=failed} 0",
      "gost.service.state{gost.service.name=web,gost.service.state=closed} 0",
    ]);
  });

  test("is said with the very time that its last report came with", async () => {
    const agent = await startReceiver();
    agent.pace.receivedAfterMs = 1;
    await agent.post([web]);
    await agent.clock.advanceAsync(60_000);
    const [reported, ...again] = nodeValues(agent, "gost.node.last_report.time");
    expect(again).toEqual([reported]);
  });

  test("does not let it be swept while it is connected, nor while it is gone for less than a day", async () => {
    const agent = await startReceiver();
    agent.clock.every(60_000, () => agent.table.sweep(60));
    const connection = agent.connect();
    await connection.send({ path: "/observer/edge-1", body: reportOf(web) });
    await agent.clock.advanceAsync(48 * HOUR_MS);
    connection.end();
    await agent.clock.advanceAsync(HOUR_MS - 10_000);
    expect(up(agent)).toEqual(["edge-1 1", "edge-1 none"]); // Its last report was two days ago by then.
    await agent.clock.advanceAsync(2 * HOUR_MS);
    expect(agent.table.size).toBe(0);
    await agent.post([web]);
    expect(up(agent)).toEqual(["edge-1 1", "edge-1 none", "edge-1 1"]);
  });

  test("is 0 for a day after it is gone, then it has no value", async () => {
    const agent = await startReceiver();
    const connection = agent.connect();
    await connection.send({ path: "/observer/edge-1", body: reportOf(web) });
    connection.end();
    await agent.clock.advanceAsync(24 * HOUR_MS - 60_000);
    expect(up(agent)).toEqual(["edge-1 1", "edge-1 0"]);
    await agent.clock.advanceAsync(600_000);
    expect(up(agent)).toEqual(["edge-1 1", "edge-1 0", "edge-1 none"]);
    expect(nodeValues(agent, "gost.node.last_report.time").at(-1)).toBe("edge-1 none");
  });

  test("does not take its connection for open that ended behind its request", async () => {
    const agent = await startReceiver();
    const connection = agent.connect();
    agent.pace.wait = Promise.resolve();
    const call = connection.begin({ path: "/observer/edge-1", body: reportOf(web) });
    connection.end();
    await call.reply.catch(() => {});
    await agent.clock.advanceAsync(160_000);
    expect(up(agent)).toEqual(["edge-1 1", "edge-1 0"]);
  });
});

describe("a node that comes and goes", () => {
  async function goesAndComes(agent: GostRig, times: number) {
    for (let time = 0; time < times; time++) {
      const connection = agent.connect();
      await connection.send({ path: "/observer/edge-1", body: reportOf(web) });
      await agent.clock.advanceAsync(5_000); // Its period.
      await connection.send({ path: "/observer/edge-1", body: reportOf(web) });
      connection.end();
      await agent.clock.advanceAsync(160_000);
    }
  }

  test("is up and gone in the numbers each time, but in the log only three times an hour", async () => {
    const agent = await startReceiver();
    await goesAndComes(agent, 6);
    expect(up(agent)).toEqual(Array(6).fill(["edge-1 1", "edge-1 0"]).flat());
    const lines = () => agent.log().filter((line) => line.includes("gone") || line.includes("back"));
    expect(lines()).toEqual([
      "warn edge-1 is gone: no connection, and no report for a while",
      "info edge-1 is back",
      "warn edge-1 is gone: no connection, and no report for a while",
      "info edge-1 is back",
      "warn edge-1 is gone: no connection, and no report for a while (it comes and goes: more of that is not said for a while)",
      "info edge-1 is back",
    ]);
    await agent.clock.advanceAsync(2 * HOUR_MS);
    await goesAndComes(agent, 1);
    expect(lines()).toHaveLength(7);
  });

  test("and is back before its absence is on disk, is up, and nothing is said", async () => {
    const agent = await startReceiver();
    const connection = agent.connect();
    await connection.send({ path: "/observer/edge-1", body: reportOf(web) });
    connection.end();
    const { promise, resolve } = Promise.withResolvers<void>();
    agent.pace.wait = promise;
    await agent.clock.advanceAsync(152_000);
    delete agent.pace.wait;
    await agent.post([web]);
    resolve();
    await agent.clock.advanceAsync(60_000);
    expect(up(agent).at(-1)).toBe("edge-1 1");
    expect(agent.log().filter((line) => !line.includes("reports"))).toEqual([]);
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
});
