import { readdirSync } from "node:fs";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { Server, ServerCredentials, status } from "@grpc/grpc-js";
import { expect, onTestFinished, test } from "vitest";
import { tlsPairs } from "../../../test/support/backend-faults.ts";
import { faultyBackend } from "../../../test/support/faulty-backend.ts";
import { type ClientTls, type GrpcClientOptions, GrpcError } from "../../component/transport.ts";
import { NEVER } from "../../lib/abort.ts";
import { systemClock } from "../../lib/system-clock.ts";
import { grpcClient } from "./grpc-client.ts";

const METHOD = "/test.Echo/Say";

interface Call {
  readonly message: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** A server of another make, that answers with what it was told. */
async function echoServer(answer: (call: Call) => { code?: number; details?: string; message?: string }) {
  const calls: Call[] = [];
  const server = new Server();
  const identity = (bytes: Buffer) => bytes;
  server.addService(
    {
      say: {
        path: METHOD,
        requestStream: false,
        responseStream: false,
        requestSerialize: identity,
        requestDeserialize: identity,
        responseSerialize: identity,
        responseDeserialize: identity,
      },
    },
    {
      say(
        call: { request: Buffer; metadata: { getMap(): Record<string, unknown> } },
        done: (error: object | null, reply?: Buffer) => void,
      ) {
        const seen = { message: call.request.toString(), metadata: call.metadata.getMap() };
        calls.push(seen);
        const { code = status.OK, details = "", message = `echo ${seen.message}` } = answer(seen);
        if (code === status.OK) done(null, Buffer.from(message));
        else done({ code, details });
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  onTestFinished(() => server.forceShutdown());
  return { calls, port, server };
}

function clientOf(port: number, options: Partial<GrpcClientOptions> = {}) {
  const client = grpcClient(
    {
      host: "127.0.0.1",
      port,
      compression: "gzip",
      compressionLevel: 1,
      answerBytesMax: 1 << 20,
      keepaliveMs: 0,
      keepaliveTimeoutMs: 1000,
      ...options,
    },
    systemClock,
  );
  onTestFinished(() => client.close());
  return {
    say: async (text: string, metadata: Record<string, string> = {}, signal = NEVER) =>
      Buffer.from((await client.call(METHOD, Buffer.from(text), metadata, signal))!).toString(),
  };
}

test.each(["gzip", "deflate", "none"] as const)(
  "calls a server of another make, compression %s",
  async (compression) => {
    const { port, calls } = await echoServer(() => ({}));
    const client = clientOf(port, { compression });
    const long = "a".repeat(100_000);
    expect(await client.say(long, { token: "t" })).toBe(`echo ${long}`);
    expect(await client.say("two")).toBe("echo two");
    expect(calls[0]!.metadata).toMatchObject({ token: "t" });
  },
);

test("a status that is not OK is an error with its number and text", async () => {
  const { port } = await echoServer(() => ({ code: status.RESOURCE_EXHAUSTED, details: "too much — später" }));
  await expect(clientOf(port).say("x")).rejects.toMatchObject({
    name: "GrpcError",
    status: 8,
    message: "too much — später",
  });
});

test("where nobody listens it is UNAVAILABLE, and the next call after a server has come is through", async () => {
  const { port, server } = await echoServer(() => ({}));
  const client = clientOf(port);
  await client.say("x");
  await new Promise((resolve) => {
    server.forceShutdown();
    setTimeout(resolve, 50);
  });
  await expect(client.say("x")).rejects.toMatchObject({ status: 14 });
  const back = createServer();
  back.on("stream", (stream) => {
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(Buffer.from([0, 0, 0, 0, 2, 104, 105]));
  });
  await new Promise<void>((resolve) => back.listen(port, "127.0.0.1", resolve));
  onTestFinished(() => void back.close());
  expect(await client.say("x")).toBe("hi");
});

test("a call that is aborted ends with the signal's reason", async () => {
  const silent = createServer();
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void silent.close());
  const abort = new AbortController();
  const call = clientOf((silent.address() as AddressInfo).port).say("x", {}, abort.signal);
  setTimeout(() => abort.abort(new Error("enough")), 50);
  await expect(call).rejects.toThrow("enough");
});

test("after a call that was aborted the next one has another connection: the first may lead nowhere", async () => {
  const backend = await faultyBackend("grpc");
  const client = clientOf(backend.port);
  await client.say("x");
  backend.fault = { grpc: () => {} };
  await expect(client.say("x", {}, AbortSignal.timeout(50))).rejects.toThrow("timeout");
  backend.fault = undefined;
  await client.say("x");
  expect(backend.connections()).toBe(2);
});

test.runIf(process.platform === "linux")(
  "a peer that says nothing keeps no connection open that was left",
  async () => {
    const backend = await faultyBackend("grpc");
    backend.fault = { socket: () => {} };
    const client = clientOf(backend.port);
    const openFiles = () => readdirSync("/proc/self/fd").length;
    const before = openFiles();
    for (let call = 0; call < 10; call++) await client.say("x", {}, AbortSignal.timeout(20)).catch(() => {});
    expect(backend.connections()).toBe(10);
    // The other end of each is in this process as well.
    await expect.poll(openFiles).toBeLessThan(before + 15);
  },
);

const TLS: ClientTls = {
  includeSystemCas: false,
  insecureSkipVerify: false,
  minVersion: "TLSv1.2",
  reloadIntervalMs: 0,
};

test("a server that says nothing in the handshake holds up neither a call that is aborted nor the next one", async () => {
  const backend = await faultyBackend("grpc");
  backend.fault = { socket: () => {} };
  const client = clientOf(backend.port, { tls: TLS });
  for (const connections of [1, 2]) {
    await expect(client.say("x", {}, AbortSignal.timeout(50))).rejects.toThrow("timeout");
    expect(backend.connections()).toBe(connections);
  }
});

test("a server that refuses the client's certificate is asked anew by every call", async () => {
  const { trusted } = await tlsPairs();
  const backend = await faultyBackend("grpc", { ...trusted, requestCert: true, rejectUnauthorized: true });
  const client = clientOf(backend.port, { host: "localhost", tls: { ...TLS, caPem: trusted.cert } });
  for (const connections of [1, 2, 3]) {
    await expect(client.say("x")).rejects.toThrow("it wants a client certificate");
    expect(backend.connections()).toBe(connections);
  }
});

test("a server of HTTP/2 that knows no gRPC, and one that sends garbage, are told apart", async () => {
  const answers = [{ ":status": 503 }, { ":status": 404 }];
  const server = createServer();
  server.on("stream", (stream) => {
    stream.respond(answers.shift() ?? { ":status": 200 });
    stream.end("garbage");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const client = clientOf((server.address() as AddressInfo).port);
  await expect(client.say("x")).rejects.toMatchObject({ status: 14 });
  await expect(client.say("x")).rejects.toMatchObject({ status: 12 });
  await expect(client.say("x")).rejects.toBeInstanceOf(GrpcError);
});
