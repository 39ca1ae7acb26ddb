import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import type { ServerRequest } from "../../component/server.ts";
import { systemClock } from "../../lib/system-clock.ts";
import { virtualClock } from "../../lib/virtual-clock.ts";
import { LARGE_BODY_BYTES, RequestQueue, type Waiting } from "./request-queue.ts";
import { post, rawClient, startServer, until } from "./test-kit.ts";

const LARGE = LARGE_BODY_BYTES + 1;

/** A queue whose requests take a while each; what becomes of them is told in its order, by their paths. */
function queue(tookMs: number) {
  const clock = virtualClock();
  const [handled, refused, story]: [string[], string[], string[]] = [[], [], []];
  const handler = {
    request({ path }: ServerRequest) {
      handled.push(path);
      story.push(path);
      clock.advance(tookMs);
      return { status: 200 };
    },
  };
  const requests = new RequestQueue(handler, clock);
  const add = (path: string, bytes: number) =>
    requests.add({
      path,
      body: Buffer.alloc(bytes),
      answer: () => story.push(`${path} answered`),
      overloaded: () => refused.push(path),
    } as unknown as Waiting);
  return { add, handled, refused, story, requests };
}

test("a request is handled after the next look at the sockets", async () => {
  const { add, handled } = queue(0);
  add("a", 1);
  await turn();
  expect(handled).toEqual([]);
  add("b", 1);
  await turn();
  expect(handled).toEqual(["a"]);
  await turn();
  expect(handled).toEqual(["a", "b"]);
});

test("the sockets are looked at between requests that take their time, and the order stays", async () => {
  const { add, handled } = queue(15);
  for (const path of ["a", "b", "c", "d"]) add(path, 1);
  await turn();
  await turn();
  expect(handled).toEqual(["a", "b"]);
  add("e", 1);
  await turn();
  expect(handled).toEqual(["a", "b", "c", "d"]);
  await turn();
  await turn();
  expect(handled).toEqual(["a", "b", "c", "d", "e"]);
});

test("while connections are accepted, which is one in a turn, a turn has one request", async () => {
  const { add, handled, requests } = queue(1);
  for (const path of ["a", "b", "c", "d"]) add(path, 1);
  await turn();
  requests.accepted();
  await turn();
  expect(handled).toEqual(["a"]);
  await turn();
  expect(handled).toEqual(["a", "b", "c", "d"]);
});

test("answers go out together, unless one would have to wait for more than half a millisecond", async () => {
  const { add, story } = queue(0.3);
  for (const path of ["a", "b", "c"]) add(path, 1);
  await turn();
  await turn();
  expect(story).toEqual(["a", "b", "a answered", "b answered", "c", "c answered"]);
});

test("no answer waits for a large request", async () => {
  const { add, story } = queue(0);
  add("a", 1);
  add("b", 65 * 1024);
  add("c", 1);
  await turn();
  await turn();
  expect(story).toEqual(["a", "a answered", "b", "c", "b answered", "c answered"]);
});

test("large requests that waited for more than a second are refused, small ones are answered", async () => {
  const { add, handled, refused } = queue(600);
  for (const path of ["a", "b", "c"]) add(path, LARGE);
  add("small", LARGE_BODY_BYTES);
  for (let look = 0; look < 10; look++) await turn();
  expect([handled, refused]).toEqual([["a", "b", "small"], ["c"]]);
});

test("any number of requests is handled, each once", async () => {
  const { add, handled } = queue(0.5);
  const paths = Array.from({ length: 5000 }, (_, index) => String(index));
  for (const path of paths) {
    add(path, 1);
    if (Number(path) % 500 === 0) await turn();
  }
  while (handled.length < paths.length) await turn();
  expect(handled).toEqual(paths);
});

test("what waited too long is refused at once, with an empty body and its connection kept", async () => {
  let stalledMs = 0;
  const { port, requests, rejected } = await startServer({
    clock: { ...systemClock, monotonic: () => systemClock.monotonic() + stalledMs },
    answer() {
      stalledMs += 600;
      return { status: 200, body: "ok" };
    },
  });
  const client = await rawClient(port);
  client.write(post("x".repeat(LARGE)).repeat(3));
  await until("all were answered", () => client.received.split("HTTP/1.1").length === 4);
  expect(client.received.match(/HTTP\/1.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 200", "HTTP/1.1 503"]);
  expect(client.received).toMatch(/Retry-After: 1\r\nContent-Length: 0\r\n/);
  expect([requests.length, rejected]).toEqual([2, ["overloaded"]]);
  client.write(post("x".repeat(LARGE)));
  await until("the next turn's was taken", () => requests.length === 3);
});

test("while memory is short small bodies are read and others refused before they are all there", async () => {
  let short = true;
  const { port, requests, rejected } = await startServer({ options: { memoryIsShort: () => short } });
  const [small, large] = [await rawClient(port), await rawClient(port)];
  small.write(post("a"));
  await until("the small one was taken", () => requests.length === 1);
  large.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\n${"x".repeat(LARGE)}`);
  await until("it was refused", () => large.received.includes("503"));
  short = false;
  large.write("x".repeat(90_000 - LARGE) + post("b"));
  await until("the next one was taken", () => requests.length === 2);
  expect(rejected).toEqual(["overloaded"]);
});
