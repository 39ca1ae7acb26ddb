import { describe, expect, test } from "vitest";
import type { Clock } from "../../lib/clock.ts";
import { systemClock } from "../../lib/system-clock.ts";
import { ASK_PAUSE_MS, PROMPT_END_MS, PROOF_TIMEOUT_MS } from "./connection.ts";
import { post, pushableClock, rawClient, settle, startServer, until } from "./test-kit.ts";

const NO_PATIENCE = { idleTimeoutMs: 60_000_000, headerTimeoutMs: 100, bodyTimeoutMs: 60_000_000 };

describe("the receipt of an answer over HTTP", () => {
  test("is open while the connection is just there", async () => {
    const { port, requests } = await startServer();
    const client = await rawClient(port);
    client.write(post("a"));
    await until("it was answered", () => client.received.includes("ok 1"));
    await settle();
    expect(requests[0]!.receipt.state).toBe("open");
  });

  test("says read when a later request comes, before that one is handled", async () => {
    const seen: string[] = [];
    const started = await startServer({
      answer: () => {
        seen.push(started.requests[0]!.receipt.state);
        return { status: 200 };
      },
    });
    const client = await rawClient(started.port);
    client.write(post("a"));
    await until("it was answered", () => client.received.includes("200"));
    client.write(post("b"));
    await until("the next was handled", () => seen.length === 2);
    expect(seen).toEqual(["open", "read"]);
    expect(started.requests[1]!.receipt.state).toBe("open");
  });

  test("says read when the peer ends its side after the answer", async () => {
    const { port, requests, server } = await startServer({ clock: pushableClock() });
    const client = await rawClient(port);
    client.write(post("a"));
    await until("it was answered", () => client.received.includes("ok 1"));
    client.socket.end();
    await until("it is known", () => requests[0]!.receipt.state !== "open");
    expect(requests[0]!.receipt.state).toBe("read");
    await until("the connection is gone", () => server.openConnections === 0);
  });

  test("says unread when the connection is reset after the answer", async () => {
    const { port, requests } = await startServer();
    const client = await rawClient(port);
    client.write(post("a"));
    await until("it was answered", () => client.received.includes("ok 1"));
    client.socket.resetAndDestroy();
    await until("it is known", () => requests[0]!.receipt.state !== "open");
    expect(requests[0]!.receipt.state).toBe("unread");
  });

  test.each([
    ["ends its side", "end"],
    ["resets the connection", "resetAndDestroy"],
  ] as const)("says unread when the peer %s before the answer is out", async (_name, way) => {
    let answer = () => {};
    const { port, requests, server } = await startServer({
      answer: () => new Promise((resolve) => (answer = () => resolve({ status: 200 }))),
    });
    const client = await rawClient(port);
    client.write(post("a"));
    await until("it arrived", () => requests.length === 1);
    client.socket[way]();
    await until("it is known", () => requests[0]!.receipt.state !== "open");
    expect(requests[0]!.receipt.state).toBe("unread");
    answer();
    await until("the connection is gone", () => server.openConnections === 0);
    expect(client.received).toBe("");
  });

  test("says unread from the start where the peer's end came right behind its request", async () => {
    const seen: string[] = [];
    const { port, server } = await startServer({
      answer: (request) => {
        seen.push(`${request.body.length} ${request.receipt.state}`);
        return { status: 200 };
      },
    });
    const client = await rawClient(port);
    await until("it is open", () => server.openConnections === 1);
    // As after a pause of this process: both wait in the kernel together.
    client.socket.end(post("abc"));
    await until("the connection is gone", () => server.openConnections === 0);
    expect(seen).toEqual(["3 unread"]);
  });

  test("is not proved by requests that were sent without waiting for answers, but by the end", async () => {
    let answer = () => {};
    const { port, requests } = await startServer({
      clock: pushableClock(),
      answer: (request) =>
        request.path === "/1" ? new Promise((resolve) => (answer = () => resolve({ status: 200 }))) : { status: 200 },
    });
    const client = await rawClient(port);
    client.write(post("a", "/1") + post("b", "/2"));
    await until("both arrived", () => requests.length === 2);
    answer();
    await until("both were answered", () => client.received.split("200 OK").length === 3);
    client.write(post("c", "/3"));
    await until("the third was answered", () => client.received.split("200 OK").length === 4);
    expect(requests.map((request) => request.receipt.state)).toEqual(["open", "open", "open"]);
    client.socket.end();
    await until("it is known", () => requests[2]!.receipt.state !== "open");
    expect(requests.map((request) => request.receipt.state)).toEqual(["read", "read", "read"]);
  });

  test("needs no evidence when the answer is neither a success nor a refusal", async () => {
    const { port, requests } = await startServer({ answer: () => ({ status: 400 }) });
    const client = await rawClient(port);
    client.write(post("a"));
    await until("it was turned down", () => client.received.includes("400"));
    expect(requests[0]!.receipt.state).toBe("unknown");
  });

  test.each([
    ["refusal_read when the next request comes on its connection", "request", "refusal_read"],
    ["refusal_read when the peer ends its side after we ended ours", "asked", "refusal_read"],
    [
      "refusal_read when the peer ends its side first, and its system has all of it",
      "end",
      "refusal_read",
      "acknowledged",
    ],
    ["unread when the peer ends its side first, and its system has not all of it", "end", "unread", "under_way"],
    ["unread when the peer ends its side first, and that is all that is known", "end", "unread"],
    ["unread when the peer resets the connection", "reset", "unread"],
  ] as const)("of a refusal is %s", async (_, what, verdict, delivery = undefined) => {
    const sendQueues = { deliveryOf: () => delivery };
    const { port, requests } = await startServer({
      answer: () => ({ status: 503 }),
      sendQueues,
      clock: pushableClock(),
    });
    const client = await rawClient(port);
    client.write(post("a"));
    await until("it was refused", () => client.received.includes("503"));
    await settle();
    expect(requests[0]!.receipt.state).toBe("open");
    if (what === "request") client.write(post("b"));
    if (what === "asked") requests[0]!.receipt.ask();
    if (what === "asked") await until("our side has ended", () => client.ending === "fin");
    if (what === "reset") client.socket.resetAndDestroy();
    else if (what !== "request") client.socket.end();
    await until("it is known", () => requests[0]!.receipt.state !== "open");
    expect(requests[0]!.receipt.state).toBe(verdict);
  });

  test("says when the connection was answered on before", async () => {
    const { port, requests } = await startServer();
    const client = await rawClient(port);
    client.write(post("a"));
    await until("it was answered", () => client.received.includes("ok 1"));
    const answeredAt = Date.now();
    client.write(post("bb"));
    await until("it was answered", () => client.received.includes("ok 2"));
    const [first, second] = requests.map(({ receipt }) => receipt.aliveAt);
    expect(first).toBe(0);
    expect(Math.abs(second! - answeredAt)).toBeLessThan(1000);
  });

  test("is unknown from the start where nobody wants receipts", async () => {
    const { port, requests } = await startServer({ options: { receipts: false } });
    const client = await rawClient(port);
    client.write(post("a"));
    await until("it was answered", () => client.received.includes("ok 1"));
    expect(requests[0]!.receipt.state).toBe("unknown");
  });

  test("is unknown when we cut the connection ourselves", async () => {
    const { port, requests, server } = await startServer();
    const client = await rawClient(port);
    client.write(post("a"));
    await until("it was answered", () => client.received.includes("ok 1"));
    await server.close(AbortSignal.abort());
    expect(requests[0]!.receipt.state).toBe("unknown");
  });

  test("comes by itself when the client wants the connection to end", async () => {
    const { port, requests } = await startServer();
    const client = await rawClient(port);
    client.write("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1\r\n\r\na");
    await until("our side has ended", () => client.ending === "fin");
    expect(client.received).toContain("ok 1");
    expect(requests[0]!.receipt.state).toBe("open");
    client.socket.end();
    await until("it is known", () => requests[0]!.receipt.state === "read");
  });
});

test.each([
  ["soon after its request", 0, PROMPT_END_MS.afterAnswer, "read"],
  ["late behind its answer", 0, PROMPT_END_MS.afterAnswer + 1, "unknown"],
  ["soon behind an answer that took long", PROMPT_END_MS.afterRequest - 10, 10, "read"],
  ["soon behind an answer that took very long", PROMPT_END_MS.afterRequest + 1, 0, "unknown"],
])("a clean end that comes late may be the peer's patience that ended: %s", async (_, answerMs, endMs, verdict) => {
  const clock = pushableClock();
  const { port, requests } = await startServer({
    clock,
    answer() {
      clock.push(answerMs);
      return { status: 200, body: "ok 1" };
    },
  });
  const client = await rawClient(port);
  client.write(post("a"));
  await until("it was answered", () => client.received.includes("ok 1"));
  clock.push(endMs);
  client.socket.end();
  await until("it is known", () => requests[0]!.receipt.state !== "open");
  expect(requests[0]!.receipt.state).toBe(verdict);
});

describe("asking for the proof of an answer over HTTP", () => {
  test("makes the connection's end our doing, unlike one that the peer began", async () => {
    const { port, requests, closed } = await startServer();
    for (const asks of [true, false]) {
      const client = await rawClient(port);
      client.write(post("a"));
      await until("it was answered", () => client.received.includes("ok 1"));
      if (asks) requests[0]!.receipt.ask();
      else client.socket.end();
      await until("our side has ended", () => client.ending === "fin");
      client.socket.end();
      await until("it is closed", () => closed.length === (asks ? 1 : 2));
    }
    expect(closed.map(({ endedByUs }) => endedByUs)).toEqual([true, false]);
  });

  test("ends our side, and a clean end of the peer's says read", async () => {
    const { port, requests } = await startServer();
    const client = await rawClient(port);
    client.write(post("a"));
    await until("it was answered", () => client.received.includes("ok 1"));
    requests[0]!.receipt.ask();
    await until("our side has ended", () => client.ending === "fin");
    expect(requests[0]!.receipt.state).toBe("open");
    client.socket.end();
    await until("it is known", () => requests[0]!.receipt.state !== "open");
    expect(requests[0]!.receipt.state).toBe("read");
  });

  test("takes no end for a reply that was on its way before it was asked for", async () => {
    const clock = pushableClock();
    const { port, requests } = await startServer({ clock, limits: NO_PATIENCE });
    const client = await rawClient(port);
    client.write(post("a"));
    await until("it was answered", () => client.received.includes("ok 1"));
    clock.push(PROMPT_END_MS.afterAnswer + 1);
    requests[0]!.receipt.ask();
    client.socket.end();
    await until("it is known", () => requests[0]!.receipt.state !== "open");
    expect(requests[0]!.receipt.state).toBe("unknown");
  });

  test("leaves the connection alone until a later request could prove it", async () => {
    const { port, requests } = await startServer();
    const client = await rawClient(port);
    client.write(post("a"));
    await until("it was answered", () => client.received.includes("ok 1"));
    requests[0]!.receipt.ask();
    client.write(post("b"));
    await until("the next was answered", () => client.received.includes("ok 1") && requests.length === 2);
    expect(requests[0]!.receipt.state).toBe("read");
    await new Promise((resolve) => setTimeout(resolve, 2 * ASK_PAUSE_MS));
    expect([client.ending, requests[1]!.receipt.state]).toEqual([undefined, "open"]); // Nobody asked about that one.
  });

  test("says unread when the peer resets", async () => {
    const { port, requests } = await startServer();
    const client = await rawClient(port);
    client.write(post("a"));
    await until("it was answered", () => client.received.includes("ok 1"));
    requests[0]!.receipt.ask();
    await until("our side has ended", () => client.ending === "fin");
    client.socket.resetAndDestroy();
    await until("it is known", () => requests[0]!.receipt.state !== "open");
    expect(requests[0]!.receipt.state).toBe("unread");
  });

  test("says unread when the peer stays silent, and then cuts the connection", async () => {
    const clock = pushableClock();
    const { port, requests, server } = await startServer({ clock, limits: NO_PATIENCE });
    const client = await rawClient(port);
    client.write(post("a"));
    await until("it was answered", () => client.received.includes("ok 1"));
    requests[0]!.receipt.ask();
    await until("our side has ended", () => client.ending === "fin");
    clock.push(PROOF_TIMEOUT_MS - 1000);
    await settle();
    expect(requests[0]!.receipt.state).toBe("open");
    clock.push(1000);
    await until("it is known", () => requests[0]!.receipt.state !== "open");
    expect([requests[0]!.receipt.state, server.openConnections]).toEqual(["unread", 0]);
  });

  test("before the answer is out waits for it", async () => {
    let answer = () => {};
    const { port, requests } = await startServer({
      answer: () => new Promise((resolve) => (answer = () => resolve({ status: 200, body: "late" }))),
    });
    const client = await rawClient(port);
    client.write(post("a"));
    await until("it arrived", () => requests.length === 1);
    requests[0]!.receipt.ask();
    await settle();
    expect(client.ending).toBeUndefined();
    answer();
    await until("our side has ended", () => client.ending === "fin");
    expect(client.received).toMatch(/late$/);
    client.socket.end();
    await until("it is known", () => requests[0]!.receipt.state === "read");
  });

  test("changes nothing once that answer's fate is known, whatever was answered since", async () => {
    const answers = [200, 503];
    const { port, requests } = await startServer({ answer: () => ({ status: answers.shift() ?? 200 }) });
    const client = await rawClient(port);
    client.write(post("a"));
    await until("it was answered", () => client.received.includes("200"));
    requests[0]!.receipt.ask();
    client.write(post("b"));
    await until("it was refused", () => client.received.includes("503"));
    await new Promise((resolve) => setTimeout(resolve, 2 * ASK_PAUSE_MS));
    expect(client.ending).toBeUndefined();
  });

  test("gives each answer the whole pause, whatever was asked for before", async () => {
    const pauses: { readonly end: () => void; cancelled: boolean }[] = [];
    const clock: Clock = {
      ...systemClock,
      after(delayMs, callback) {
        if (delayMs !== ASK_PAUSE_MS) return systemClock.after(delayMs, callback);
        const pause = { end: callback, cancelled: false };
        pauses.push(pause);
        return () => {
          pause.cancelled = true;
        };
      },
    };
    const { port, requests } = await startServer({ clock });
    const client = await rawClient(port);
    client.write(post("a"));
    await until("it was answered", () => client.received.includes("ok 1"));
    requests[0]!.receipt.ask();
    client.write(post("b"));
    await until("the next was answered", () => client.received.split("ok 1").length === 3);
    requests[1]!.receipt.ask();
    expect(pauses.map(({ cancelled }) => cancelled)).toEqual([true, false]);
    pauses[1]!.end();
    await until("our side has ended", () => client.ending === "fin");
  });

  test("leaves a request that crosses our end without effect", async () => {
    const { port, requests, rejected } = await startServer();
    const client = await rawClient(port);
    client.write(post("a"));
    await until("it was answered", () => client.received.includes("ok 1"));
    requests[0]!.receipt.ask();
    await until("our side has ended", () => client.ending === "fin");
    client.write(post("b"));
    await until("it was turned away", () => rejected.length === 1);
    expect([rejected, requests.length]).toEqual([["after_end"], 1]);
    client.socket.end();
    await until("the first is known", () => requests[0]!.receipt.state === "read");
  });
});
