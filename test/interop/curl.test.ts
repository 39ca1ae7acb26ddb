import { hostname, tmpdir } from "node:os";
import { expect, test } from "vitest";
import { startGostcol } from "./harness/gostcol.ts";
import { select } from "./harness/metrics-text.ts";
import { runToEnd } from "./harness/process.ts";

// The calls that GOST's documentation shows, made with curl: it sends a form's Content-Type.

const STATUS = {
  kind: "service",
  service: "service-0",
  type: "status",
  status: { state: "running", msg: "service service-0 is running" },
};
const STATS = {
  kind: "service",
  service: "service-0",
  type: "stats",
  stats: { totalConns: 1, currentConns: 0, inputBytes: 235, outputBytes: 632, totalErrs: 0 },
};
const CLIENTS = ["user1", "user2"].map((client, index) => ({
  kind: "handler",
  service: "service-0",
  client,
  type: "stats",
  stats: {
    totalConns: 1 + index,
    currentConns: index,
    inputBytes: 235 + index,
    outputBytes: 632 + index,
    totalErrs: 0,
  },
}));

test("a status by curl is answered and shown", async () => {
  const gostcol = await startGostcol();
  expect(await curlTwice(gostcol.ports.receiver, [STATUS])).toBe('{"ok":true}{"ok":true}');
  const states = select(await gostcol.scrape(), "gost_service_state", { gost_service_name: "service-0" });
  expect(Object.fromEntries(states.map(({ labels, value }) => [labels["gost_service_state"], value]))).toEqual({
    running: 1,
    ready: 0,
    failed: 0,
    closed: 0,
  });
  expect(await gostcol.accounts()).toEqual({});
});

test("a service's stats by curl, sent twice, count once: they are cumulative", async () => {
  const gostcol = await startGostcol();
  expect(await curlTwice(gostcol.ports.receiver, [STATS])).toBe('{"ok":true}{"ok":true}');
  expect(await gostcol.accounts()).toEqual({
    [`${hostname()} service-0`]: { connections: 1, active: 0, input: 235, output: 632, errors: 0 },
  });
});

test("two clients' stats by curl, sent twice, are two clients and count once", async () => {
  const gostcol = await startGostcol();
  expect(await curlTwice(gostcol.ports.receiver, CLIENTS)).toBe('{"ok":true}{"ok":true}');
  expect(await gostcol.accounts()).toEqual({
    [`${hostname()} service-0 user1`]: { connections: 1, active: 0, input: 235, output: 632, errors: 0 },
    [`${hostname()} service-0 user2`]: { connections: 2, active: 1, input: 236, output: 633, errors: 0 },
  });
});

test("all three together are four series sets that never mix levels", async () => {
  const gostcol = await startGostcol();
  for (const events of [[STATUS], [STATS], CLIENTS]) await curlTwice(gostcol.ports.receiver, events);
  expect(Object.keys(await gostcol.accounts())).toEqual([
    `${hostname()} service-0`,
    `${hostname()} service-0 user1`,
    `${hostname()} service-0 user2`,
  ]);
});

test("equal deltas of calls that each have a connection count as often as they were answered with success", async () => {
  const gostcol = await startGostcol();
  const url = `http://127.0.0.1:${gostcol.ports.receiver}/observer?temporality=delta`;
  const args = [
    "-sS",
    "-o",
    "/dev/null",
    "-w",
    "%{http_code}",
    "-XPOST",
    url,
    "-d",
    JSON.stringify({ events: [STATS] }),
  ];
  const statuses: string[] = [];
  for (let call = 0; call < 5; call++) {
    statuses.push((await runToEnd({ name: "curl", program: "curl", args, folder: tmpdir() })).stdout);
  }
  // Nothing shows that the second is not a late copy of the first, until its refusal was read.
  expect(statuses).toEqual(["200", "503", "200", "503", "200"]);
  expect((await gostcol.accounts())[`${hostname()} service-0`]).toMatchObject({
    connections: 1,
    input: 705,
    output: 1896,
  });
});

/** Two requests on one connection; gives the bodies of both answers. */
async function curlTwice(port: number, events: readonly object[]): Promise<string> {
  const request = ["-sS", "-XPOST", `http://127.0.0.1:${port}/observer`, "-d", JSON.stringify({ events })];
  const statistics = ["-w", "%{stderr}%{num_connects} "];
  const args = [...request, ...statistics, "--next", ...request, ...statistics];
  const ended = await runToEnd({ name: "curl", program: "curl", args, folder: tmpdir() });
  expect(ended.stderr).toBe("1 0 "); // The second request made no connection of its own.
  return ended.stdout;
}
