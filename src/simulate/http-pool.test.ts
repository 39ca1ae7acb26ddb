import { expect, test } from "vitest";
import { Fate } from "./books.ts";
import { type HttpConnection, type HttpReply, httpPool } from "./http-pool.ts";

const OK = { status: 200, body: '{"ok":true}' };

test("keeps at most two idle connections, and closes the others once it has read their answers", async () => {
  const { pool, connections, answerAll } = fakePool();
  const calls = [1, 2, 3, 4].map(() => pool.send("{}", new Fate()));
  expect(connections).toHaveLength(4);
  answerAll(OK);
  expect(await Promise.all(calls)).toEqual(Array(4).fill("success"));
  expect(connections.map(({ open }) => open)).toEqual([true, true, false, false]);
});

test("uses the connection again that was used last", async () => {
  const { pool, connections, answerAll } = fakePool();
  const calls = [pool.send("{}", new Fate()), pool.send("{}", new Fate())];
  answerAll(OK);
  await Promise.all(calls);
  const next = pool.send("{}", new Fate());
  expect(connections.map(({ requests }) => requests)).toEqual([1, 2]);
  answerAll(OK);
  await next;
});

test("dials anew where the idle connection was ended by the other side", async () => {
  const { pool, connections, answerAll } = fakePool();
  const first = pool.send("{}", new Fate());
  answerAll(OK);
  await first;
  connections[0]!.open = false;
  void pool.send("{}", new Fate());
  expect(connections).toHaveLength(2);
});

test.each<[HttpReply, string, boolean]>([
  [OK, "success", true],
  [{ status: 200, body: ' {"ok": true, "more": 1}' }, "success", true],
  [{ status: 200, body: '{"ok":false}' }, "failure", true],
  [{ status: 200, body: "" }, "failure", true],
  [{ status: 204, body: "" }, "failure", true],
  [{ status: 202, body: '{"ok":true}' }, "failure", false],
  [{ status: 503, body: "" }, "failure", true],
  [{ status: 503, body: "later" }, "failure", false],
])("%j is a %s", async (reply, answer, kept) => {
  const { pool, connections, answerAll } = fakePool();
  const call = pool.send("{}", new Fate());
  answerAll(reply);
  expect(await call).toBe(answer);
  expect(connections[0]!.open).toBe(kept);
});

test("a connection that breaks is a failure, or a lost answer where the report was taken", async () => {
  const { pool, answerAll } = fakePool();
  for (const [taken, answer] of [
    [false, "failure"],
    [true, "lost"],
  ] as const) {
    const call = pool.send("{}", new Fate());
    answerAll({ broken: true, taken });
    expect(await call).toBe(answer);
  }
});

test("with its process all connections end, those in use too", async () => {
  const { pool, connections, answerAll } = fakePool();
  const first = pool.send("{}", new Fate());
  answerAll(OK);
  await first;
  void pool.send("{}", new Fate());
  void pool.send("{}", new Fate());
  pool.end();
  expect(connections.map(({ open }) => open)).toEqual([false, false]);
});

type Reply = Awaited<ReturnType<HttpConnection["request"]>>;

function fakePool() {
  const connections: { open: boolean; requests: number }[] = [];
  const waiting: ((reply: Reply) => void)[] = [];
  const pool = httpPool(() => {
    const connection = {
      open: true,
      requests: 0,
      request: () => {
        connection.requests++;
        return new Promise<Reply>((resolve) => waiting.push(resolve));
      },
      close() {
        connection.open = false;
      },
    };
    connections.push(connection);
    return connection;
  });
  return {
    pool,
    connections,
    answerAll(reply: Reply) {
      for (const resolve of waiting.splice(0)) resolve(reply);
    },
  };
}
