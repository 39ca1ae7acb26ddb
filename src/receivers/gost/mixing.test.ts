import { describe, expect, test } from "vitest";
import { type GostRig, startReceiver, stats, status } from "../../../test/support/gost-rig.ts";

const reportOf = (...events: unknown[]) => JSON.stringify({ events });
const web = (conns: number) => reportOf(stats("service", "web", [conns, 0, 5, 5, 0]));
const told = (state: string) => reportOf(status("web", state));
const warnings = (agent: GostRig) => agent.log().filter((line) => line.startsWith("warn"));

describe("two GOSTs under one name are warned of where they show:", () => {
  test("two gRPC connections of a node that nobody named", async () => {
    const agent = await startReceiver();
    await agent.connect({ protocol: "grpc" }).send({});
    expect(agent.log()).toEqual([]);
    await agent.connect({ protocol: "grpc" }).send({});
    expect(agent.log()[0]).toMatch(/^warn this-machine has 2 gRPC connections .* a token with a node/);
  });

  test("one name that is used from two addresses", async () => {
    const agent = await startReceiver();
    for (const address of ["10.0.0.1:1", "10.0.0.1:2", "10.0.0.2:1"]) {
      await agent.connect({ address }).send({ path: "/observer/edge-1", body: web(1) });
    }
    expect(agent.log()).toHaveLength(1);
    expect(agent.log()[0]).toMatch(/^warn edge-1 reports from 10\.0\.0\.\d and 10\.0\.0\.\d: if these are two GOSTs/);
  });

  test("two addresses without a name, where addresses are no names", async () => {
    const agent = await startReceiver({ node: { from: ["token"] } });
    for (const address of ["10.0.0.1:1", "10.0.0.2:1"]) await agent.connect({ address }).send({ body: web(1) });
    expect(warnings(agent)).toHaveLength(1);
    expect(warnings(agent)[0]).toMatch(/^warn this-machine reports from 10\.0\.0\.1 and 10\.0\.0\.2.* `\?node=`/);
  });

  test("but not the two addresses that one machine has for itself", async () => {
    const agent = await startReceiver();
    for (const address of ["127.0.0.1:1", "[::1]:2"]) await agent.connect({ address }).send({ body: web(1) });
    expect(warnings(agent)).toEqual([]);
  });

  test("lives that overlap: one of no name begins, and another goes on over an older connection", async () => {
    const agent = await startReceiver();
    const [first, second] = [agent.connect(), agent.connect()];
    await first.send({ body: told("running") });
    await first.send({ body: web(1) });
    await agent.clock.advanceAsync(60_000);
    await second.send({ body: told("running") });
    await agent.clock.advanceAsync(5_000);
    await second.send({ body: web(1) });
    expect(warnings(agent)).toEqual([]);
    await first.send({ body: web(2) });
    await first.send({ body: web(3) });
    expect(warnings(agent)).toEqual([
      "warn this-machine goes on to report web over an older connection after web began anew: if these are two GOSTs, " +
        "their numbers mix; give each a name: `?node=` in the observer's URL, or a token with a node (auth.tokens)",
    ]);
  });

  test.each([
    ["a restart, whose connections are new ones", ["running"], "new", undefined],
    ["a reload", ["closed", "running"], "old", undefined],
    ["a reload, told the other way round", ["running", "closed"], "old", undefined],
    ["a node that was named", ["running"], "old", "/observer/edge-1"],
  ] as const)("but not %s", async (_what, states, over, path) => {
    const agent = await startReceiver();
    const at = path === undefined ? {} : { path };
    const [old, other] = [agent.connect(), agent.connect()];
    await old.send({ ...at, body: told("running") });
    await agent.clock.advanceAsync(60_000);
    for (const state of states) await other.send({ ...at, body: told(state) });
    await agent.clock.advanceAsync(5_000);
    await (over === "old" ? old : agent.connect()).send({ ...at, body: web(1) });
    expect(warnings(agent)).toEqual([]);
  });
});
