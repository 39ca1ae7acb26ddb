import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { systemClock } from "../../lib/system-clock.ts";
import { virtualClock } from "../../lib/virtual-clock.ts";
import { post, rawClient, startServer, until } from "./test-kit.ts";
import { LARGE_BODY_BYTES, Turn } from "./turn.ts";

const LARGE = LARGE_BODY_BYTES + 1;

test("in a turn that lasts, large requests come too late and small ones do not", () => {
  const clock = virtualClock();
  const current = new Turn(clock);
  expect(current.isTooLong(LARGE)).toBe(false);
  clock.advance(1000);
  expect(current.isTooLong(LARGE)).toBe(false);
  clock.advance(1);
  expect([current.isTooLong(LARGE), current.isTooLong(LARGE_BODY_BYTES)]).toEqual([true, false]);
});

test("the next turn begins anew", async () => {
  const clock = virtualClock();
  const current = new Turn(clock);
  current.isTooLong(LARGE);
  clock.advance(5000);
  await turn();
  expect(current.isTooLong(LARGE)).toBe(false);
});

test("what comes late in a turn is refused at once, with an empty body and its connection kept", async () => {
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
