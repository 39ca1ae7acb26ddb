import { request as httpRequest } from "node:http";
import { describe, expect, test } from "vitest";
import { post, pushableClock, rawClient, settle, startServer, until } from "./test-kit.ts";

describe("a request over HTTP", () => {
  test("arrives whole, with its method, path, query and headers", async () => {
    const { port, requests } = await startServer();
    const client = await rawClient(port);
    client.write(
      "PUT /a/b?node=edge-1&x=%20 HTTP/1.1\r\nHost: a\r\nX-Two: 1\r\nx-two: 2\r\nContent-Length: 5\r\n\r\nhello",
    );
    await until("it was answered", () => client.received.includes("ok 5"));
    const [request] = requests;
    expect([request!.protocol, request!.method, request!.path, request!.query]).toEqual([
      "http",
      "PUT",
      "/a/b",
      "node=edge-1&x=%20",
    ]);
    expect([request!.header("x-two"), request!.header("x-none")]).toEqual(["1", undefined]);
    expect(Buffer.from(request!.body).toString()).toBe("hello");
    expect(request!.connection.peer.address).toBe(`127.0.0.1:${client.socket.localPort}`);
    expect(client.received).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*Content-Length: 4\r\n/);
  });

  test("has its sender's address, though the connection was reset right behind it", async () => {
    const { port, requests } = await startServer();
    const client = await rawClient(port);
    await settle(); // It is accepted.
    const { localPort } = client.socket;
    client.write(post("hello"));
    client.socket.resetAndDestroy();
    await until("it was read", () => requests.length === 1);
    expect(requests[0]!.connection.peer.address).toBe(`127.0.0.1:${localPort}`);
  });

  test("may have a body in chunks", async () => {
    const { port } = await startServer();
    const client = await rawClient(port);
    client.write("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n");
    await until("it was answered", () => client.received.includes("ok 7"));
  });

  test("may come byte by byte", async () => {
    const { port } = await startServer();
    const client = await rawClient(port);
    for (const byte of post("hello")) {
      client.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until("it was answered", () => client.received.includes("ok 5"));
  });

  test("gets 100 Continue when it waits for that", async () => {
    const { port } = await startServer();
    const client = await rawClient(port);
    client.write("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    await until("it may go on", () => client.received.startsWith("HTTP/1.1 100 Continue"));
    client.write("abc");
    await until("it was answered", () => client.received.includes("ok 3"));
  });

  test("without a body reaches the handler too, and HEAD gets only the length", async () => {
    const { port } = await startServer();
    const client = await rawClient(port);
    client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await until("GET was answered", () => client.received.endsWith("ok 0"));
    client.write("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    await until("HEAD was answered", () => client.received.split("HTTP/1.1 200").length === 3);
    expect(client.received).toMatch(/Content-Length: 4\r\n[\s\S]*\r\n\r\n$/);
  });

  test("may do without a Host, and expect what nobody knows", async () => {
    const { port } = await startServer();
    const client = await rawClient(port);
    client.write("POST / HTTP/1.1\r\nExpect: a-miracle\r\nContent-Length: 3\r\n\r\nabc");
    await until("it was answered", () => client.received.includes("ok 3"));
  });

  test("through a proxy is known by its path", async () => {
    const { port, requests } = await startServer();
    const client = await rawClient(port);
    client.write("POST http://collector:8000/observer?node=a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    await until("it was answered", () => client.received.includes("ok 0"));
    expect([requests[0]!.path, requests[0]!.query]).toEqual(["/observer", "node=a"]);
  });

  test("is done when the last of its body has left, and not before", async () => {
    const body = Buffer.alloc(16 * 1024 * 1024, "a");
    let done = 0;
    const { port } = await startServer({ answer: () => ({ status: 200, body, done: () => done++ }) });
    const client = await rawClient(port);
    client.socket.pause(); // More than the kernel takes for somebody who does not read.
    client.write(post("hello"));
    await settle();
    expect(done).toBe(0);
    client.socket.resume();
    await until("all came", () => client.received.length > body.length);
    await until("it is done", () => done > 0);
    await settle();
    expect(done).toBe(1);
    expect(client.received.endsWith("a".repeat(body.length))).toBe(true);
  });

  test("is done, too, when nobody is there for its body any more", async () => {
    const body = Buffer.alloc(16 * 1024 * 1024, "a");
    let done = 0;
    let answer = () => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const { port, requests, closed } = await startServer({
      answer: async ({ path }) => {
        if (path === "/late") await held;
        return { status: 200, body, done: () => done++ };
      },
    });
    const reader = await rawClient(port);
    reader.socket.pause();
    reader.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    const waiter = await rawClient(port);
    waiter.write("POST /late HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    await until("both came", () => requests.length === 2);
    reader.socket.resetAndDestroy();
    waiter.socket.resetAndDestroy();
    await until("both are gone", () => closed.length === 2);
    await until("the first is done", () => done === 1);
    answer();
    await until("the second is done", () => done === 2);
  });

  test("that is refused with an empty body keeps its connection", async () => {
    const { port } = await startServer({ answer: () => ({ status: 503, headers: { "Retry-After": "1" } }) });
    const client = await rawClient(port);
    client.write(post("a"));
    await until("it was refused", () => client.received.includes("503"));
    client.write(post("b"));
    await until("the next was refused", () => client.received.split("Content-Length: 0\r\n").length === 3);
    expect(client.ending).toBeUndefined();
  });

  test.each([
    "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1\r\n\r\na",
    "POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\na",
  ])("that is to be the last one is told so in its answer: %j", async (text) => {
    const { port, requests } = await startServer();
    const client = await rawClient(port);
    client.write(text);
    await until("the connection was ended", () => client.ending === "fin");
    expect(client.received).toMatch(
      /^HTTP\/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n(Date: .*\r\n)?\r\nok 1$/,
    );
    client.socket.end();
    await until("its end proved the answer read", () => requests[0]!.receipt.state === "read");
  });

  test.each([
    ["a report", post('{"events":[]}', "/observer?node=a")],
    ["a question", "GET /metrics HTTP/1.1\r\nHost: a\r\nAccept: text/plain\r\nConnection: keep-alive\r\n\r\n"],
    ["one that is too large", post("x".repeat(200))],
    ["one that is refused", post("a", "/503")],
    ["one that is turned down in words", post("a", "/400")],
    ["one with no answer but its status", post("a", "/204")],
    ["one that gets bytes", post("a", "/bytes")],
  ])("is the same in one piece and in two: %s", async (_name, text) => {
    const { port, requests } = await startServer({
      limits: { bodyBytesMax: 100 },
      answer: ({ path }) => {
        if (path === "/bytes") return { status: 200, headers: { "X-A": "1" }, body: Uint8Array.of(1, 200, 3) };
        const status = Number(path.slice(1)) || 200;
        return status === 204 ? { status } : { status, headers: { "Content-Type": "text/plain" }, body: "a word: é\n" };
      },
    });
    const [whole, halves] = [await rawClient(port), await rawClient(port)];
    whole.write(text);
    halves.write(text.slice(0, 20));
    await settle();
    halves.write(text.slice(20));
    await until("both were answered", () => whole.received !== "" && whole.received.length === halves.received.length);
    const undated = ({ received }: { received: string }) => received.replace(/^Date: .*GMT\r$/m, "Date: now\r");
    expect(undated(whole)).toBe(undated(halves));
    expect(undated(whole)).toContain("Date: now");
    const [one, two] = requests.map(({ method, path, query, body }) => ({ method, path, query, body: [...body] }));
    expect(one).toEqual(two);
  });

  test("in one piece behind others is answered in its turn", async () => {
    let answerFirst = () => {};
    const { port, requests } = await startServer({
      answer: ({ path }) => {
        const answer = { status: 200, body: path };
        return path === "/1" ? new Promise((resolve) => (answerFirst = () => resolve(answer))) : answer;
      },
    });
    const client = await rawClient(port);
    client.write(post("a", "/1"));
    await until("the first arrived", () => requests.length === 1);
    client.write(post("b", "/2"));
    await until("the second arrived", () => requests.length === 2);
    const [start, rest] = [post("c", "/3").slice(0, 9), post("c", "/3").slice(9)]; // Node's parser reads from here on.
    client.write(start);
    await settle();
    client.write(rest);
    await until("the third arrived", () => requests.length === 3);
    expect(client.received).toBe("");
    answerFirst();
    await until("all were answered", () => client.received.endsWith("/3"));
    expect(client.received.match(/\/\d$|\/\d(?=HTTP)/g)).toEqual(["/1", "/2", "/3"]);
  });

  test("may be answered later", async () => {
    const { port } = await startServer({
      answer: async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return { status: 200, body: "later" };
      },
    });
    const client = await rawClient(port);
    client.write(post("a"));
    await until("it was answered", () => client.received.endsWith("later"));
  });

  test("whose handler throws is answered with 500, and counted", async () => {
    const { port, rejected } = await startServer({
      answer: () => {
        throw new Error("a mistake");
      },
    });
    const client = await rawClient(port);
    client.write(post("a"));
    await until("it was answered", () => client.received.includes("500"));
    expect(rejected).toEqual(["handler_failed"]);
  });

  test("has a signal that aborts when the connection ends before the answer", async () => {
    let aborted = false;
    const { port, requests } = await startServer({
      answer: (request) =>
        new Promise((resolve) =>
          request.signal.addEventListener("abort", () => {
            aborted = true;
            resolve({ status: 200 });
          }),
        ),
    });
    const client = await rawClient(port);
    client.write(post("a"));
    await until("it arrived", () => requests.length === 1);
    client.socket.resetAndDestroy();
    await until("it was aborted", () => aborted);
    expect(requests[0]!.connection.open).toBe(false);
  });
});

describe("bad input over HTTP", () => {
  test("a declared body that is too large gets 413 at once, and the connection lives on", async () => {
    const { port, rejected, requests } = await startServer({ limits: { bodyBytesMax: 10 } });
    const client = await rawClient(port);
    client.write(post("x".repeat(11)));
    await until("it was refused", () => client.received.includes("at most 10 bytes are taken\n"));
    expect(client.received).toMatch(/^HTTP\/1\.1 413 /);
    client.write(post("next"));
    await until("the next was answered", () => client.received.includes("ok 4"));
    expect([rejected, requests.length]).toEqual([["too_large"], 1]);
  });

  test.each(["end", "resetAndDestroy"] as const)("a large body that is refused is counted once (%s)", async (way) => {
    const { port, rejected, server } = await startServer({ limits: { bodyBytesMax: 10 } });
    const client = await rawClient(port);
    client.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc");
    await until("it was refused", () => client.received.startsWith("HTTP/1.1 413 "));
    client.socket[way]();
    await until("the connection is gone", () => server.openConnections === 0);
    expect(rejected).toEqual(["too_large"]);
  });

  test("chunks that become too large get 413", async () => {
    const { port, rejected } = await startServer({ limits: { bodyBytesMax: 10 } });
    const client = await rawClient(port);
    client.write("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nabcdefghijk\r\n0\r\n\r\n");
    await until("it was refused", () => client.received.startsWith("HTTP/1.1 413 "));
    client.write(post("next"));
    await until("the next was answered", () => client.received.includes("ok 4"));
    expect(rejected).toEqual(["too_large"]);
  });

  test("a body that is too large for one who waits for 100 Continue is never sent", async () => {
    const { port } = await startServer({ limits: { bodyBytesMax: 10 } });
    const client = await rawClient(port);
    client.write("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n");
    await until("it was refused", () => client.received.startsWith("HTTP/1.1 413 "));
  });

  test("a large body is refused in words that Node's own client gets to read", async () => {
    const { port } = await startServer({ limits: { bodyBytesMax: 10 } });
    const status = await new Promise((resolve, reject) => {
      const request = httpRequest({ port, host: "127.0.0.1", method: "POST" }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on("error", reject);
      request.end("x".repeat(3_000_000));
    });
    expect(status).toBe(413);
  });

  test.each([
    ["nonsense", "hello world\r\n\r\n", "400", "bad_http"],
    ["a bad version", "GET / HTTP/9.9\r\n\r\n", "400", "bad_http"],
    ["a bad length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", "400", "bad_http"],
    [
      "two framings",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0",
      "400",
      "bad_http",
    ],
    ["a bad chunk", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400", "bad_http"],
    ["CONNECT", "CONNECT example.com:443 HTTP/1.1\r\nHost: a\r\n\r\n", "405", "bad_method"],
    ["huge headers", `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, "431", "headers_too_large"],
  ])("%s gets a clear answer and the end of the connection", async (_name, bytes, status, reason) => {
    const { port, rejected, requests } = await startServer();
    const client = await rawClient(port);
    client.write(bytes);
    await until("it was refused", () => client.ending === "fin");
    expect(client.received).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*Content-Length: \\d+\r\n\r\n.+\n$`));
    expect([rejected, requests]).toEqual([[reason], []]);
  });

  test("binary garbage gets an answer as well", async () => {
    const { port, rejected } = await startServer();
    const client = await rawClient(port);
    client.write(Uint8Array.from({ length: 200 }, (_, index) => (index * 37) % 256));
    await until("it was refused", () => client.ending === "fin");
    expect([client.received.slice(0, 12), rejected]).toEqual(["HTTP/1.1 400", ["bad_http"]]);
  });

  test("a body that is cut off never reaches the handler", async () => {
    const { port, rejected, requests, server } = await startServer();
    const client = await rawClient(port);
    client.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
    client.socket.end();
    await until("it was noticed", () => server.openConnections === 0);
    expect([rejected, requests]).toEqual([["truncated"], []]);
  });

  test("a body whose connection is reset never reaches the handler", async () => {
    const { port, rejected, requests, server } = await startServer();
    const client = await rawClient(port);
    client.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
    await until("it is open", () => server.openConnections === 1);
    client.socket.resetAndDestroy();
    await until("it was noticed", () => server.openConnections === 0);
    expect([rejected, requests]).toEqual([["truncated"], []]);
  });

  test.each([
    ["a first byte", "P", "header_timeout"],
    ["headers", "POST / HTTP/1.1\r\nHost: a\r\n", "header_timeout"],
    ["a body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc", "body_timeout"],
  ])("%s that is not followed by the rest in time ends with 408 or in silence", async (_name, bytes, reason) => {
    const { port, rejected, requests, server } = await startServer({
      limits: { headerTimeoutMs: 60, bodyTimeoutMs: 60 },
    });
    const client = await rawClient(port);
    client.write(bytes);
    await until("it ended", () => client.ending !== undefined);
    if (bytes.length > 1) expect(client.received).toMatch(/^HTTP\/1\.1 408 /);
    client.socket.end();
    await until("it is gone", () => server.openConnections === 0);
    expect([rejected, requests]).toEqual([[reason], []]);
  });

  test("slow headers of a later request have the same deadline", async () => {
    const { port, rejected } = await startServer({ limits: { headerTimeoutMs: 60 } });
    const client = await rawClient(port);
    client.write(post("a"));
    await until("it was answered", () => client.received.includes("ok 1"));
    client.write("POST / HT");
    await until("it ended", () => client.ending !== undefined);
    expect(client.received).toMatch(/HTTP\/1\.1 408 /);
    expect(rejected).toEqual(["header_timeout"]);
  });

  const chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n";
  test.each([
    ["plain", post("a")],
    ["chunked", chunked],
  ])("an answer that nobody reads is kept for so long: to a %s request", async (_name, request) => {
    const clock = pushableClock();
    const { port, rejected, server } = await startServer({
      clock,
      limits: { headerTimeoutMs: 200, idleTimeoutMs: 60_000_000 }, // Looked at every 50 ms.
      answer: () => ({ status: 200, body: "x".repeat(20_000_000) }),
    });
    const [reader, sleeper] = [await rawClient(port), await rawClient(port)];
    sleeper.socket.pause();
    for (const client of [reader, sleeper]) client.write(request);
    await until("one has all of it", () => reader.received.length > 20_000_000);
    expect([server.openConnections, rejected]).toEqual([2, []]);
    await until("the other was cut off", () => {
      clock.push(1000);
      return server.openConnections === 1;
    });
    expect(rejected).toEqual(["write_timeout"]);
    reader.write(request);
    await until("one is served again", () => reader.received.length > 40_000_000);
  });

  test("a connection without a request is ended after the idle limit, without a word", async () => {
    const { port, rejected } = await startServer({ limits: { idleTimeoutMs: 60 } });
    const [fresh, used] = [await rawClient(port), await rawClient(port)];
    used.write(post("a"));
    await until("both ended", () => fresh.ending !== undefined && used.ending === "fin");
    expect([fresh.received, rejected]).toEqual(["", []]);
  });

  test("more connections than allowed are closed and counted", async () => {
    const { port, rejected, server } = await startServer({ limits: { connectionsMax: 2 } });
    const clients = [await rawClient(port), await rawClient(port), await rawClient(port)];
    await until("one was refused", () => rejected.length === 1);
    await until("it knows", () => clients[2]!.ending !== undefined);
    expect([rejected, server.openConnections]).toEqual([["too_many_connections"], 2]);
    clients[0]!.socket.destroy();
    await until("there is room", () => server.openConnections === 1);
    const late = await rawClient(port);
    late.write(post("abc"));
    await until("it was served", () => late.received.includes("ok 3"));
  });

  test("a flood of pipelined requests is cut off", async () => {
    const { port, rejected, requests } = await startServer({ answer: () => new Promise(() => {}) });
    const client = await rawClient(port);
    client.write(post("a").repeat(100));
    await until("it was cut off", () => client.ending !== undefined);
    expect([rejected[0], requests.length <= 16]).toEqual(["pipelined", true]);
  });

  test("bodies beyond what may be held at a time are refused for now", async () => {
    const { port, rejected } = await startServer({ limits: { bodyBytesMax: 1000, connectionsMax: 100 } });
    const half = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n${"x".repeat(900)}`;
    const clients = await Promise.all(Array.from({ length: 20 }, () => rawClient(port)));
    for (const client of clients) client.write(half);
    await until("some were refused", () => rejected.length >= 3);
    for (const client of clients) client.write("x".repeat(100));
    await until("all were answered", () => clients.every((client) => client.received.includes("HTTP/1.1")));
    const refused = clients.filter((client) => client.received.startsWith("HTTP/1.1 503 ")).length;
    expect([refused, new Set(rejected)]).toEqual([rejected.length, new Set(["overloaded"])]);
    const late = await rawClient(port);
    late.write(post("x".repeat(1000)));
    await until("there is room again", () => late.received.includes("ok 1000"));
  });

  test("a TLS handshake on a plain port is named for what it is", async () => {
    const { port, rejected } = await startServer();
    const client = await rawClient(port);
    client.write(Uint8Array.of(0x16, 3, 1, 0, 200, 1, 0, 0, 196));
    await until("it was closed", () => client.ending !== undefined);
    expect(rejected).toEqual(["tls_on_plain_port"]);
  });

  test("gRPC on a port for HTTP alone is refused in words", async () => {
    const { port, rejected } = await startServer({ options: { protocols: ["http"] } });
    const client = await rawClient(port);
    client.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    await until("it was refused", () => client.received.includes("this port does not speak gRPC"));
    expect(rejected).toEqual(["wrong_protocol"]);
  });

  test("HTTP on a port for gRPC alone is refused in words", async () => {
    const { port, rejected } = await startServer({ options: { protocols: ["grpc"] } });
    const client = await rawClient(port);
    client.write(post("a"));
    await until("it was refused", () => client.received.includes("this port speaks gRPC only"));
    expect(rejected).toEqual(["wrong_protocol"]);
  });
});
