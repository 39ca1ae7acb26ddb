import { describe, expect, test } from "vitest";
import { startReceiver, stats } from "../../../test/support/gost-rig.ts";

const body = JSON.stringify({ events: [stats("service", "web", [1, 0, 5, 5, 0])] });

/** The status of the answer and the node that the report was taken for. */
async function send(
  agent: Awaited<ReturnType<typeof startReceiver>>,
  request: { path?: string; headers?: Record<string, string>; address?: string },
) {
  const { address, ...rest } = request;
  const before = agent.taken.length;
  const { answer } = await agent.connect(address === undefined ? {} : { address }).send({ ...rest, body });
  const facts = agent.taken[before]?.metrics[0]?.source;
  return [answer.status, facts?.source.node, facts?.told];
}

describe("who a report is from", () => {
  test.each([
    ["the query", { path: "/observer?node=edge-1" }, "edge-1"],
    ["the query on any path", { path: "/?x=y&node=edge%201" }, "edge 1"],
    ["the path", { path: "/observer/edge-1" }, "edge-1"],
    ["the path, encoded", { path: "/observer/%C3%A4dge/" }, "ädge"],
    ["the query before the path", { path: "/observer/edge-1?node=edge-2" }, "edge-2"],
    ["the peer's address", { path: "/observer", address: "10.0.0.7:4711" }, "10.0.0.7"],
    ["the peer's IPv6 address", { path: "/a/b", address: "[2001:db8::7]:4711" }, "2001:db8::7"],
    ["the peer's IPv4 address behind an IPv6 socket", { address: "[::ffff:10.0.0.7]:4711" }, "10.0.0.7"],
    ["nothing but this machine", { path: "/observer/" }, "this-machine"],
    ["a path that names no node", { path: "/api/edge-1" }, "this-machine"],
    ["a path that is too long to name a node", { path: "/observer/a/b" }, "this-machine"],
    ["IPv6 loopback", { address: "[::1]:4711" }, "this-machine"],
  ])("is said by %s", async (_by, request, node) => {
    const agent = await startReceiver();
    expect(await send(agent, request)).toEqual([200, node, undefined]);
  });

  test("is looked for only where the configuration says", async () => {
    const agent = await startReceiver({ node: { from: ["path"] } });
    expect(await send(agent, { path: "/observer/a?node=b" })).toEqual([200, "a", undefined]);
    expect(await send(agent, { path: "/x?node=b", address: "10.0.0.7:1" })).toEqual([200, "this-machine", undefined]);
  });

  test.each([
    "/observer?node=",
    "/observer?node=%00",
    "/observer?node=%20x",
    "/observer/%FF",
    "/observer/%",
    `/observer?node=${"x".repeat(256)}`,
    "/observer?temporality=sometimes",
    `/observer?epoch=${"x".repeat(256)}`,
  ])("is refused with a reason: %s", async (path) => {
    const agent = await startReceiver();
    const { answer, text } = await agent.connect().send({ path, body });
    expect(answer.status).toBe(400);
    expect(text).toMatch(/node's name|temporality is|epoch has/);
  });
});

describe("tokens", () => {
  const tokens = [
    { token: "one", node: "edge-1", temporality: "delta" },
    { token: "two", node: "edge-2" },
    { token: "anyone", temporality: "auto" },
  ];
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  test("are taken from the header, from the URL, and from gRPC's metadata", async () => {
    const agent = await startReceiver({ auth: { tokens } });
    expect(await send(agent, { headers: bearer("one") })).toEqual([200, "edge-1", "delta"]);
    expect(await send(agent, { path: "/?token=two" })).toEqual([200, "edge-2", undefined]);
    expect(await send(agent, { path: "/?token=two", headers: { authorization: "Basic x" } })).toEqual([
      200,
      "edge-2",
      undefined,
    ]);
    const grpc = agent.connect({ protocol: "grpc" });
    expect((await grpc.send({ headers: { token: "one" } })).answer.status).toBe(0);
    expect((await grpc.send({ headers: { token: "no" } })).answer.status).toBe(16);
    expect((await grpc.send({})).answer.status).toBe(16);
  });

  test.each([
    {},
    { headers: bearer("wrong") },
    { headers: bearer("") },
    { headers: { token: "one" } },
    { path: "/?token=" },
  ])("that are wrong or missing are not let in: %j", async (request) => {
    const agent = await startReceiver({ auth: { tokens } });
    expect(await send(agent, request)).toEqual([401, undefined, undefined]);
    expect(agent.counted()).toEqual({
      "requests{transport=http,outcome=unauthenticated}": 1,
      "rejected{transport=http,reason=bad_token}": 1,
    });
  });

  test("bind their node: a URL that names another is not let in", async () => {
    const agent = await startReceiver({ auth: { tokens } });
    expect(await send(agent, { path: "/observer/edge-1", headers: bearer("one") })).toEqual([200, "edge-1", "delta"]);
    expect(await send(agent, { path: "/observer/edge-2", headers: bearer("one") })).toEqual([
      401,
      undefined,
      undefined,
    ]);
    expect(await send(agent, { path: "/?node=edge-2", headers: bearer("one") })).toEqual([401, undefined, undefined]);
    expect(await send(agent, { path: "/?node=edge-2", headers: bearer("two") })).toEqual([200, "edge-2", undefined]);
  });

  test("without a node leave it to the URL", async () => {
    const agent = await startReceiver({ auth: { tokens } });
    expect(await send(agent, { path: "/observer/edge-9", headers: bearer("anyone") })).toEqual([
      200,
      "edge-9",
      undefined,
    ]);
  });

  test("are in no line of the log", async () => {
    const agent = await startReceiver({ auth: { tokens } });
    await send(agent, { path: "/observer/edge-2?token=one" });
    await send(agent, { path: "/observer/edge-2?token=s3cret" });
    expect(agent.log()).toHaveLength(2);
    expect(JSON.stringify(agent.lines)).not.toMatch(/one"|s3cret/);
  });
});

describe("the mode of byte counts", () => {
  test("is told by the URL before the token, by the token before the receiver", async () => {
    const agent = await startReceiver({
      temporality: "cumulative",
      auth: { tokens: [{ token: "a", temporality: "delta" }, { token: "b" }] },
    });
    expect((await send(agent, { path: "/?token=a" }))[2]).toBe("delta");
    expect((await send(agent, { path: "/?token=a&temporality=cumulative" }))[2]).toBe("cumulative");
    expect((await send(agent, { path: "/?token=b" }))[2]).toBe("cumulative");
    expect((await send(agent, { path: "/?token=b&temporality=auto" }))[2]).toBe(undefined);
  });
});
