import { type ClientHttp2Session, connect } from "node:http2";
import { zstdCompressSync } from "node:zlib";
import { type ChannelCredentials, Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { describe, expect, onTestFinished, test } from "vitest";
import { PROOF_TIMEOUT_MS } from "./connection.ts";
import { OBSERVE, post, pushableClock, rawClient, settle, startServer, until } from "./test-kit.ts";

/** The official client, as an independent judge of what we say on the wire. */
function grpcClient(port: number, options: object = {}, secure: ChannelCredentials = credentials.createInsecure()) {
  const client = new Client(`127.0.0.1:${port}`, secure, options);
  onTestFinished(() => client.close());
  const identity = (bytes: Buffer) => bytes;
  return {
    client,
    call(message: Buffer, { method = OBSERVE, metadata = new Metadata() } = {}): Promise<string> {
      return new Promise((resolve, reject) => {
        client.makeUnaryRequest(method, identity, identity, message, metadata, (error, reply) =>
          error ? reject(error) : resolve(reply!.toString()),
        );
      });
    },
  };
}

const failure = (call: Promise<unknown>): Promise<ServiceError> =>
  call.then(
    () => Promise.reject(new Error("the call did not fail")),
    (error: ServiceError) => error,
  );

describe("a gRPC call", () => {
  test("arrives as bytes with its method and metadata, on the same port as HTTP", async () => {
    const { port, requests, bodies, opened } = await startServer();
    const metadata = new Metadata();
    metadata.set("token", "secret-1");
    expect(await grpcClient(port).call(Buffer.from([1, 2, 0, 255]), { metadata })).toBe("ok 4");
    const [request] = requests;
    expect([request!.protocol, request!.method, request!.path, request!.query]).toEqual(["grpc", "POST", OBSERVE, ""]);
    expect([request!.header("token"), request!.header("none")]).toEqual(["secret-1", undefined]);
    expect([...bodies[0]!]).toEqual([1, 2, 0, 255]);
    expect(request!.connection.peer.address).toMatch(/^127\.0\.0\.1:\d+$/);
    const http = await rawClient(port);
    http.write(post("abc"));
    await until("HTTP was answered", () => http.received.includes("ok 3"));
    expect(opened.map((connection) => connection.peer.transport)).toEqual(["grpc", "http"]);
  });

  test("may be empty, and may be answered with nothing", async () => {
    const { port } = await startServer({ answer: () => ({ status: 0 }) });
    expect(await grpcClient(port).call(Buffer.alloc(0))).toBe("");
  });

  test("may be compressed", async () => {
    const { port, bodies } = await startServer();
    const gzip = grpcClient(port, { "grpc.default_compression_algorithm": 2 });
    expect(await gzip.call(Buffer.alloc(50_000, "x"))).toBe("ok 50000");
    const deflate = grpcClient(port, { "grpc.default_compression_algorithm": 1 });
    expect(await deflate.call(Buffer.alloc(50_000, "y"))).toBe("ok 50000");
    expect(bodies.map((body) => String.fromCharCode(body[0]!))).toEqual(["x", "y"]);
  });

  test("that was compressed takes no memory once it is answered", async () => {
    const { port, bodies } = await startServer({ limits: { bodyBytesMax: 1_000_000 } });
    const gzip = grpcClient(port, { "grpc.default_compression_algorithm": 2 });
    expect(await gzip.call(Buffer.alloc(500_000, "x"))).toBe("ok 500000");
    expect(bodies.map(({ length }) => length)).toEqual([0]);
  });

  test("count with what they grow to among the bodies that are held", async () => {
    const { port, rejected } = await startServer({ answer: () => new Promise(() => {}) });
    const gzip = grpcClient(port, { "grpc.default_compression_algorithm": 2 });
    const refusals: unknown[] = [];
    // Of the largest bodies, of 100,000 bytes each, 16 may be held.
    for (let call = 0; call < 18; call++) gzip.call(Buffer.alloc(90_000)).catch((error) => refusals.push(error));
    await until("one was refused", () => refusals.length > 0);
    expect([rejected, refusals]).toEqual([["overloaded"], [expect.objectContaining({ code: 14 })]]);
  });

  test("may be large, where the limit allows that", async () => {
    const { port } = await startServer({ limits: { bodyBytesMax: 30_000_000 } });
    expect(await grpcClient(port).call(Buffer.alloc(20_000_000, "x"))).toBe("ok 20000000");
  });

  test("many at a time on one connection are all answered", async () => {
    const { port, server } = await startServer();
    const { call } = grpcClient(port);
    const replies = await Promise.all(Array.from({ length: 500 }, (_, index) => call(Buffer.alloc(index))));
    expect(replies).toEqual(Array.from({ length: 500 }, (_, index) => `ok ${index}`));
    expect(server.openConnections).toBe(1);
  });

  test("carries the status and message that the handler gives, whatever is in it", async () => {
    const { port } = await startServer({ answer: () => ({ status: 16, message: "no token: 100% ✗\nreally" }) });
    const error = await failure(grpcClient(port).call(Buffer.alloc(1)));
    expect([error.code, error.details]).toEqual([status.UNAUTHENTICATED, "no token: 100% ✗\nreally"]);
  });

  test("whose handler throws ends with INTERNAL, and is counted", async () => {
    const { port, rejected } = await startServer({ answer: () => Promise.reject(new Error("a mistake")) });
    const error = await failure(grpcClient(port).call(Buffer.alloc(1)));
    expect([error.code, rejected]).toEqual([status.INTERNAL, ["handler_failed"]]);
  });

  test("has a signal that aborts when the caller gives up", async () => {
    let aborted = false;
    const { port, requests } = await startServer({
      answer: (request) =>
        new Promise((resolve) =>
          request.signal.addEventListener("abort", () => {
            aborted = true;
            resolve({ status: 0 });
          }),
        ),
    });
    const { client } = grpcClient(port);
    const identity = (bytes: Buffer) => bytes;
    const call = client.makeUnaryRequest(OBSERVE, identity, identity, Buffer.alloc(1), () => {});
    await until("it arrived", () => requests.length === 1);
    call.cancel();
    await until("it was aborted", () => aborted);
    expect([requests[0]!.connection.open, requests[0]!.receipt.state]).toEqual([true, "unread"]);
  });
});

describe("bad input over gRPC", () => {
  test("an unknown method is answered with the name of the right one", async () => {
    const { port, rejected, requests } = await startServer();
    const error = await failure(grpcClient(port).call(Buffer.alloc(1), { method: "/proto.Observer/Observ" }));
    expect([error.code, error.details]).toEqual([
      status.UNIMPLEMENTED,
      "unknown method /proto.Observer/Observ: this server knows /proto.Observer/Observe",
    ]);
    expect([rejected, requests]).toEqual([["unknown_method"], []]);
  });

  test.each([
    ["plain", {}, 100_001],
    ["compressed", { "grpc.default_compression_algorithm": 2 }, 1_000_000],
  ])(
    "a %s message that is too large gets RESOURCE_EXHAUSTED, and the connection lives on",
    async (_name, options, size) => {
      const { port, rejected, requests, server } = await startServer();
      const { call } = grpcClient(port, options);
      const error = await failure(call(Buffer.alloc(size)));
      expect([error.code, rejected, requests]).toEqual([status.RESOURCE_EXHAUSTED, ["too_large"], []]);
      expect(error.details).toContain("at most 100000 bytes are taken");
      expect(await call(Buffer.alloc(7))).toBe("ok 7");
      expect(server.openConnections).toBe(1);
    },
  );

  /** A call of which the test decides every byte. */
  async function rawCall(port: number, headers: Record<string, string>, ...chunks: Buffer[]) {
    const session: ClientHttp2Session = connect(`http://127.0.0.1:${port}`);
    onTestFinished(() => session.destroy());
    const stream = session.request({ ":method": "POST", ":path": OBSERVE, ...headers }, { endStream: false });
    let answer: Record<string, unknown> = {};
    let text = "";
    stream.on("response", (received) => (answer = { ...answer, ...received }));
    stream.on("trailers", (received) => (answer = { ...answer, ...received }));
    stream.on("data", (chunk) => (text += chunk));
    for (const chunk of chunks) stream.write(chunk);
    stream.end();
    await new Promise((resolve) => stream.once("close", resolve));
    return { answer, text };
  }

  const frame = (flag: number, length: number, bytes = length) => {
    const prefix = Buffer.alloc(5);
    prefix[0] = flag;
    prefix.writeUInt32BE(length, 1);
    return Buffer.concat([prefix, Buffer.alloc(bytes, 7)]);
  };
  const GRPC = { "content-type": "application/grpc" };

  test.each([
    ["no message", GRPC, [], "13", "truncated"],
    ["half a message", GRPC, [frame(0, 10, 4)], "13", "truncated"],
    ["two messages", GRPC, [frame(0, 1), frame(0, 1)], "12", "bad_grpc"],
    ["a compressed message of an unnamed kind", GRPC, [frame(1, 3)], "13", "bad_grpc"],
    ["what is no gzip", { ...GRPC, "grpc-encoding": "gzip" }, [frame(1, 3)], "13", "bad_compression"],
    ["an unknown compression", { ...GRPC, "grpc-encoding": "snappy" }, [frame(1, 3)], "12", "bad_compression"],
  ])("%s gets a clear status", async (_name, headers, chunks, code, reason) => {
    const { port, rejected, requests } = await startServer();
    const { answer } = await rawCall(port, headers, ...chunks);
    expect([answer["grpc-status"], rejected, requests]).toEqual([code, [reason], []]);
    expect(String(answer["grpc-message"])).not.toBe("");
  });

  test("a message that zstd has compressed is read", async () => {
    const { port } = await startServer();
    const message = zstdCompressSync(Buffer.alloc(50_000));
    const prefix = frame(1, message.length, 0);
    const { answer, text } = await rawCall(port, { ...GRPC, "grpc-encoding": "zstd" }, prefix, message);
    expect([answer["grpc-status"], text.slice(5)]).toEqual(["0", "ok 50000"]);
  });

  test("a message in the smallest of pieces is put together", async () => {
    const { port } = await startServer();
    const pieces = [...frame(0, 5)].map((byte) => Buffer.of(byte));
    const { answer, text } = await rawCall(port, GRPC, ...pieces);
    expect([answer["grpc-status"], text.slice(5)]).toEqual(["0", "ok 5"]);
  });

  test("HTTP/2 that is no gRPC is told where to go", async () => {
    const { port, rejected } = await startServer();
    const { answer, text } = await rawCall(port, { "content-type": "application/json" }, Buffer.from("{}"));
    expect([answer[":status"], text, rejected]).toEqual([
      415,
      "over HTTP/2 only gRPC is served here: use HTTP/1.1\n",
      ["not_grpc"],
    ]);
  });

  test("a message that does not come in time ends its call", async () => {
    const { port, rejected } = await startServer({ limits: { bodyTimeoutMs: 60 } });
    const session = connect(`http://127.0.0.1:${port}`);
    onTestFinished(() => session.destroy());
    const stream = session.request({ ":method": "POST", ":path": OBSERVE, ...GRPC }, { endStream: false });
    let code: unknown;
    stream.on("response", (headers) => (code = headers["grpc-status"]));
    stream.resume();
    stream.write(frame(0, 10, 4));
    await until("it was ended", () => code !== undefined);
    expect([code, rejected]).toEqual(["14", ["body_timeout"]]);
  });

  test("a greeting without the rest ends with the header's deadline", async () => {
    const { port, rejected, server } = await startServer({ limits: { headerTimeoutMs: 60 } });
    const client = await rawClient(port);
    client.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    await until("it was ended", () => server.openConnections === 0);
    expect(rejected).toEqual(["header_timeout"]);
  });

  test("garbage behind the greeting ends the connection, and is counted", async () => {
    const { port, rejected, server } = await startServer();
    const client = await rawClient(port);
    client.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    client.write(Buffer.alloc(1000, 0xee));
    await until("it was ended", () => server.openConnections === 0);
    expect(rejected).toEqual(["bad_http2"]);
  });
});

describe("the receipt of a gRPC reply", () => {
  test("says read once the peer has acknowledged the PING behind it", async () => {
    const { port, requests } = await startServer();
    await grpcClient(port).call(Buffer.alloc(1));
    expect(requests[0]!.receipt.state).toBe("open");
    await until("it is known", () => requests[0]!.receipt.state !== "open");
    expect(requests[0]!.receipt.state).toBe("read");
  });

  test("says read for each of many replies", async () => {
    const { port, requests } = await startServer();
    const { call } = grpcClient(port);
    await Promise.all(Array.from({ length: 300 }, () => call(Buffer.alloc(1))));
    await until("all are known", () => requests.every((request) => request.receipt.state !== "open"));
    expect(new Set(requests.map((request) => request.receipt.state))).toEqual(new Set(["read"]));
  });

  /** A call by a peer that reads its reply, if at all, but acknowledges no PING. */
  async function mute(port: number) {
    const client = await rawClient(port);
    client.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    client.write(Buffer.of(0, 0, 0, 4, 0, 0, 0, 0, 0)); // SETTINGS
    const headers = Buffer.concat([
      Buffer.of(0x83, 0x86), // :method POST, :scheme http
      Buffer.of(0x01, 1, 0x61), // :authority, a literal
      Buffer.of(0x04, OBSERVE.length), // :path, a literal
      Buffer.from(OBSERVE),
      Buffer.of(0x0f, 0x10, 16), // content-type, a literal
      Buffer.from("application/grpc"),
    ]);
    client.write(Buffer.concat([Buffer.of(0, 0, headers.length, 1, 4, 0, 0, 0, 1), headers]));
    client.write(Buffer.of(0, 0, 5, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0)); // DATA: an empty message, END_STREAM
    await until("it was answered", () => client.received.includes("ok 0"));
    await settle();
    return client;
  }

  test.each([
    ["resets it", "resetAndDestroy"],
    ["ends it", "end"],
  ] as const)("is unknown when the peer %s before it has acknowledged", async (_name, way) => {
    const { port, requests } = await startServer();
    const client = await mute(port);
    expect(requests[0]!.receipt.state).toBe("open");
    client.socket[way]();
    await until("it is known", () => requests[0]!.receipt.state !== "open");
    expect(requests[0]!.receipt.state).toBe("unknown");
  });

  test("says unread when the connection is lost before there was an answer", async () => {
    const { port, requests, closed } = await startServer({ answer: () => new Promise(() => {}) });
    const session = connect(`http://127.0.0.1:${port}`);
    session.on("error", () => {});
    const stream = session.request({ ":method": "POST", ":path": OBSERVE, "content-type": "application/grpc" });
    stream.on("error", () => {});
    stream.end(Buffer.alloc(5));
    await until("it arrived", () => requests.length === 1);
    session.destroy();
    await until("the connection is gone", () => closed.length === 1);
    expect([requests[0]!.receipt.state, requests[0]!.signal.aborted]).toEqual(["unread", true]);
  });

  test("is unknown when the PING is not acknowledged in time", async () => {
    const clock = pushableClock();
    const limits = { idleTimeoutMs: 60_000_000, headerTimeoutMs: 100, bodyTimeoutMs: 60_000_000 };
    const { port, requests } = await startServer({ clock, limits });
    await mute(port);
    expect(requests[0]!.receipt.state).toBe("open");
    clock.push(PROOF_TIMEOUT_MS);
    await until("it is known", () => requests[0]!.receipt.state !== "open");
    expect(requests[0]!.receipt.state).toBe("unknown");
  });

  test("needs no evidence when the answer is no success", async () => {
    const { port, requests } = await startServer({ answer: () => ({ status: 14 }) });
    await failure(grpcClient(port).call(Buffer.alloc(1)));
    expect(requests[0]!.receipt.state).toBe("unknown");
  });

  test("is unknown from the start where nobody wants receipts", async () => {
    const { port, requests } = await startServer({ options: { receipts: false } });
    await grpcClient(port).call(Buffer.alloc(1));
    expect(requests[0]!.receipt.state).toBe("unknown");
  });
});

describe("an idle gRPC connection", () => {
  test("is kept while its peer answers a PING, and is closed when it does not", async () => {
    const clock = pushableClock();
    const { port, server, opened } = await startServer({
      clock,
      limits: { headerTimeoutMs: 100, idleTimeoutMs: 60_000 },
    });
    const { call } = grpcClient(port);
    await call(Buffer.alloc(1));
    const silent = await rawClient(port);
    silent.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    silent.write(Buffer.of(0, 0, 0, 4, 0, 0, 0, 0, 0));
    await until("both are open", () => opened.length === 2);
    await settle();
    clock.push(60_000);
    await settle();
    await settle();
    clock.push(PROOF_TIMEOUT_MS);
    await until("the silent one is closed", () => server.openConnections === 1);
    expect(await call(Buffer.alloc(2))).toBe("ok 2");
    expect(opened.map((connection) => connection.open)).toEqual([true, false]);
  });
});
