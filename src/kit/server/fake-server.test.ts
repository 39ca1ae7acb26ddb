import { describe, expect, test } from "vitest";
import { ListenError, type ServerHandler, type ServerOptions } from "../../component/server.ts";
import { NEVER } from "../../lib/abort.ts";
import { createFakeNetwork } from "./fake-server.ts";

const OPTIONS: ServerOptions = {
  host: "127.0.0.1",
  port: 8000,
  protocols: ["http", "grpc"],
  receipts: true,
  grpcMethods: ["/proto.Observer/Observe"],
  limits: {
    bodyBytesMax: 1000,
    connectionsMax: 10,
    headerTimeoutMs: 100,
    bodyTimeoutMs: 100,
    idleTimeoutMs: 100,
    writeTimeoutMs: 100,
  },
};

const ECHO: ServerHandler = {
  request: (request) => ({ status: 200, body: `${request.method} ${request.path} ${request.query} ${request.body}` }),
};

describe("the fake network", () => {
  test("hands a request to the handler and its answer to the test", async () => {
    const network = createFakeNetwork();
    await network.listen(OPTIONS, ECHO, NEVER);
    const reply = await network.server().connect().send({ path: "/observer?node=a", body: "hello" });
    expect(reply.answer.status).toBe(200);
    expect(reply.text).toBe("POST /observer node=a hello");
  });

  test("calls the first known gRPC method where none is named", async () => {
    const network = createFakeNetwork();
    await network.listen(OPTIONS, ECHO, NEVER);
    const reply = await network.server().connect({ protocol: "grpc" }).send({});
    expect(reply.text).toBe("POST /proto.Observer/Observe  ");
  });

  test("leaves a receipt open until the test settles it, and counts who asks", async () => {
    const network = createFakeNetwork();
    await network.listen(OPTIONS, ECHO, NEVER);
    const { receipt } = await network.server().connect().send({});
    const seen: string[] = [];
    receipt.settled((state) => seen.push(state));
    receipt.ask();
    expect([receipt.state, receipt.asked, seen]).toEqual(["open", 1, []]);
    receipt.settle("unread");
    receipt.settle("read");
    expect([receipt.state, seen]).toEqual(["unread", ["unread"]]);
  });

  test("aborts a call in flight when its connection ends", async () => {
    const network = createFakeNetwork();
    let aborted = false;
    const waits: ServerHandler = {
      request: (request) =>
        new Promise((resolve) =>
          request.signal.addEventListener("abort", () => {
            aborted = true;
            resolve({ status: 503 });
          }),
        ),
    };
    await network.listen(OPTIONS, waits, NEVER);
    const connection = network.server().connect();
    const call = connection.begin({});
    connection.end();
    expect((await call.reply).answer.status).toBe(503);
    expect([aborted, connection.open, network.server().openConnections]).toEqual([true, false, 0]);
  });

  test("refuses a port that is taken, until its owner has closed", async () => {
    const network = createFakeNetwork();
    const first = await network.listen(OPTIONS, ECHO, NEVER);
    await expect(network.listen(OPTIONS, ECHO, NEVER)).rejects.toThrow(ListenError);
    await first.close(NEVER);
    await network.listen(OPTIONS, ECHO, NEVER);
    expect(network.servers.length).toBe(2);
  });
});
