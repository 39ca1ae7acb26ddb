import { connect, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../lib/system-clock.ts";
import { virtualClock } from "../../lib/virtual-clock.ts";
import { READER_END_MS } from "./connection.ts";
import { LinuxSendQueues } from "./send-queues.ts";
import { post, pushableClock, rawClient, settle, startServer, until } from "./test-kit.ts";

const HEAD =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     \n";
const row = (addresses: string, state: string, queued: string) =>
  `   1: ${addresses} ${state} ${queued}:00000000 01:00000014 00000000     0        0 4711 2 0000000000000000 20 4 30 10 -1\n`;

const IPV4 = { localAddress: "127.0.0.1", localPort: 8000, remoteAddress: "10.1.2.3", remotePort: 51234 };
const IPV4_ROW = "0100007F:1F40 0302010A:C822";
const onSocket = (addresses: object) => addresses as Socket;

const queuesOver = (table: string) => new LinuxSendQueues(virtualClock(), () => table);

test.each([
  ["nothing is under way", "08", "00000000", "acknowledged"],
  ["our own end is under way", "09", "00000001", "acknowledged"],
  ["our own end over TLS is under way", "09", "0000001F", "acknowledged"],
  ["an answer is under way", "08", "0000008C", "under_way"],
])("where %s, the table's row says so", (_what, state, queued, delivery) => {
  const queues = queuesOver(HEAD + row("0100007F:1F40 0302010A:C823", "01", "00000FFF") + row(IPV4_ROW, state, queued));
  expect(queues.deliveryOf(onSocket(IPV4), "late")).toBe(delivery);
});

test.each([
  ["::ffff:10.1.2.3", "0000000000000000FFFF00000302010A"],
  ["2001:db8::1", "B80D0120000000000000000001000000"],
  ["fe80::12:3%eth0", "000080FE000000000000000003001200"],
  ["::1", "00000000000000000000000001000000"],
])("the address %s is found", (remoteAddress, inTable) => {
  const queues = queuesOver(HEAD + row(`00000000000000000000000001000000:1F40 ${inTable}:C822`, "08", "00000100"));
  expect(queues.deliveryOf(onSocket({ ...IPV4, localAddress: "::1", remoteAddress }), "late")).toBe("under_way");
});

test("a connection without a row is none; where the system has no such table, nothing is said", () => {
  expect(queuesOver(HEAD).deliveryOf(onSocket(IPV4), "late")).toBe("no_connection");
  const none = new LinuxSendQueues(virtualClock(), () => {
    throw new Error("ENOENT");
  });
  expect(none.deliveryOf(onSocket(IPV4), "late")).toBeUndefined();
});

test("one turn reads the table once; who asks too often is told nothing for a while, and takes nothing from the others", async () => {
  let reads = 0;
  let now = 1_000_000;
  const clock = { ...systemClock, monotonic: () => now };
  const queues = new LinuxSendQueues(clock, () => {
    reads++;
    now += 10;
    return HEAD + row(IPV4_ROW, "08", "00000000");
  });
  const ask = async (end: "prompt" | "late") => {
    const answers = [queues.deliveryOf(onSocket(IPV4), end), queues.deliveryOf(onSocket(IPV4), end)];
    await new Promise((resolve) => setImmediate(resolve));
    return answers;
  };
  const told = ["acknowledged", "acknowledged"];
  const nothing = [undefined, undefined];
  // 250 ms, and what comes to it meanwhile.
  for (let turn = 0; turn < 25; turn++) expect([turn, await ask("prompt")]).toEqual([turn, told]);
  expect([await ask("prompt"), await ask("prompt"), reads]).toEqual([told, nothing, 26]);
  expect([await ask("late"), reads]).toEqual([told, 27]);
  now += 390;
  expect([await ask("prompt"), await ask("prompt"), reads]).toEqual([told, nothing, 28]);
});

test.runIf(process.platform === "linux")(
  "Linux tells what a peer that does not read has not acknowledged",
  async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
    const client = connect(port, "127.0.0.1").pause();
    const socket = await accepted;
    onTestFinished(() => void client.destroy());
    onTestFinished(() => void socket.destroy());
    await settle();
    expect(new LinuxSendQueues(systemClock).deliveryOf(socket, "late")).toBe("acknowledged");
    socket.write(Buffer.alloc(32 * 1024 * 1024));
    await settle();
    expect(new LinuxSendQueues(systemClock).deliveryOf(socket, "late")).toBe("under_way");
  },
);

test.each([
  [0, "under_way", "unread", "prompt"],
  [0, "no_connection", "unread", "prompt"],
  [0, "acknowledged", "read", "prompt"],
  [0, undefined, "read", "prompt"],
  [READER_END_MS + 10, "under_way", "unread", "late"],
] as const)("an end %i ms behind an answer that is %s: %s", async (laterMs, delivery, verdict, end) => {
  const clock = pushableClock();
  const ends: string[] = [];
  const deliveryOf = (_: Socket, end: string) => {
    ends.push(end);
    return delivery;
  };
  const { port, requests } = await startServer({ clock, sendQueues: { deliveryOf } });
  const client = await rawClient(port);
  client.write(post("a"));
  await until("it was answered", () => client.received.includes("ok 1"));
  clock.push(laterMs);
  client.socket.end();
  await until("it is known", () => requests[0]!.receipt.state !== "open");
  expect([requests[0]!.receipt.state, ends]).toEqual([verdict, [end]]);
});
