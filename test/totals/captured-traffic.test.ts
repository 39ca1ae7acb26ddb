import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadSync, type MessageTypeDefinition } from "@grpc/proto-loader";
import { expect, test } from "vitest";
import { settledReceipt } from "../../src/model/source-facts.ts";
import { dedupeProcessor } from "../../src/processors/dedupe/index.ts";
import { deltaToCumulativeProcessor } from "../../src/processors/delta_to_cumulative/index.ts";
import { type ReportOptions, report, type Stats, shownName } from "../support/gost-streams.ts";
import { type ProcessorRig, processorRig } from "../support/processor-rig.ts";

/** What a running GOST sent (`test/fixtures/gost/README.md`), through both processors, against totals made by hand. */
const FIXTURES = join(import.meta.dirname, "../fixtures/gost");

interface CapturedEvent {
  readonly kind: "service" | "handler";
  readonly service: string;
  readonly client?: string;
  readonly type: string;
  readonly status?: { readonly state: string };
  readonly stats?: Readonly<Record<"totalConns" | "currentConns" | "inputBytes" | "outputBytes" | "totalErrs", number>>;
}

interface Captured {
  readonly at_ms: number;
  readonly path: string;
  readonly body?: string;
  readonly message_base64?: string;
  readonly answer: string;
}

const observer = loadSync(join(import.meta.dirname, "../../proto/observer.proto"), {
  keepCase: true,
  longs: Number,
  defaults: true,
});
const observeRequest = observer["proto.ObserveRequest"] as MessageTypeDefinition<object, { events: CapturedEvent[] }>;
const protobuf = observeRequest as unknown as { deserialize(bytes: Buffer): { events: CapturedEvent[] } };

function eventsOf({ path, body, message_base64: message }: Captured): CapturedEvent[] {
  if (message !== undefined && path === "/proto.Observer/Observe") {
    return protobuf.deserialize(Buffer.from(message, "base64")).events;
  }
  return body !== undefined && path.startsWith("/observer") ? JSON.parse(body).events : [];
}

/** Plays captures one after the other, a minute apart, with the mode that each service was configured with. */
async function play(files: readonly string[], deltaServices: readonly string[]): Promise<ProcessorRig> {
  const rig = await processorRig([dedupeProcessor, {}], [deltaToCumulativeProcessor, {}]);
  for (const file of files) {
    rig.clock.advance(60_000);
    const startMs = rig.clock.monotonic();
    for (const line of readFileSync(join(FIXTURES, file), "utf8").trim().split("\n")) {
      const captured = JSON.parse(line) as Captured;
      rig.clock.advance(captured.at_ms - (rig.clock.monotonic() - startMs));
      playOne(rig, captured, deltaServices);
    }
  }
  return rig;
}

function playOne(rig: ProcessorRig, captured: Captured, deltaServices: readonly string[]): void {
  const at = rig.clock.now();
  const events = eventsOf(captured);
  for (const { service, status } of events) {
    const type = status?.state === "running" ? "began" : status?.state === "closed" ? "closed" : undefined;
    if (type === undefined) continue;
    for (const kind of ["service", "handler"] as const) {
      rig.send(report(rig.table, at, {}, { kind, service, life: [{ type, at }] }));
    }
  }
  const stats = events.flatMap((event) => (event.type === "stats" ? [event] : []));
  if (stats.length === 0) return;
  const { kind, service } = stats[0]!;
  const byClient: Record<string, Stats> = {};
  for (const { client = "", stats: s } of stats) {
    byClient[client] = [s!.totalConns, s!.currentConns, s!.inputBytes, s!.outputBytes, s!.totalErrs];
  }
  const options: ReportOptions = {
    kind,
    service,
    told: deltaServices.includes(service) ? "delta" : "cumulative",
    fingerprint: JSON.stringify(events),
    receipt: settledReceipt(captured.answer === "success" ? "read" : "unread"),
  };
  expect(rig.send(report(rig.table, at, byClient, options)).taken).toBe(true);
}

/** The totals of a client (`""`: of the service itself), in the order of GOST's stats. */
function totalsOf(rig: ProcessorRig, service: string, client: string): (number | undefined)[] {
  const kind = client === "" ? "service" : "handler";
  return ["conns", "active", "received", "transmitted", "errors"].map((member) =>
    rig.shown.get(shownName(member, client, service, kind)),
  );
}

test("a GOST at boot: each client's and each service's last values, for all began at zero", async () => {
  const rig = await play(["boot-and-traffic.jsonl"], ["svc-socks-grpc"]);
  // alice was reported twice: 1 connection and nothing yet, then 3 connections and 1449 bytes.
  expect(totalsOf(rig, "svc-http", "alice")).toEqual([3, 0, 0, 1449, 0]);
  expect(totalsOf(rig, "svc-http", "bob<b>")).toEqual([1, 0, 79, 917, 0]);
  // A wrong password and a refused target: connections and errors at service level, nothing of a client.
  expect(totalsOf(rig, "svc-http", "")).toEqual([5, 0, 1027, 2496, 2]);
  expect(totalsOf(rig, "svc-socks-grpc", "alice")).toEqual([1, 0, 79, 865, 0]);
  expect(totalsOf(rig, "svc-socks-grpc", "")).toEqual([1, 0, 105, 869, 0]);
  expect(totalsOf(rig, "svc-b-grpc", "")).toEqual([1, 0, 131, 874, 0]);
});

test("the same GOST while its answers are lost: repeats count once, and the fresh report behind a repeat counts", async () => {
  const rig = await play(["boot-and-traffic.jsonl", "lost-replies.jsonl"], ["svc-socks-grpc"]);
  // Cumulative: the last value of each. alice: 4 connections six times over, then 5.
  expect(totalsOf(rig, "svc-http", "alice")).toEqual([5, 0, 0, 3197, 0]);
  expect(totalsOf(rig, "svc-http", "bob<b>")).toEqual([1, 0, 79, 917, 0]);
  expect(totalsOf(rig, "svc-http", "")).toEqual([7, 0, 1371, 4244, 2]);
  // Deltas: 79 / 865 at boot (connection 1), once for connection 2 though it came six times, once for connection 3.
  expect(totalsOf(rig, "svc-socks-grpc", "alice")).toEqual([3, 0, 3 * 79, 3 * 865, 0]);
  // The service's own: boot, then connection 2 (five times the same report), then connection 3.
  expect(totalsOf(rig, "svc-socks-grpc", "")).toEqual([3, 0, 3 * 105, 3 * 869, 0]);
  const repeats = rig.counters.get('gostcol_dedupe_dropped_reports{"reason":"repeat"}')?.value;
  expect(repeats).toBe(5 + 5 + 4 + 4); // alice over HTTP and gRPC six sendings each, the two services five.
});

test("the same GOST after a reload: counters begin again, totals go on", async () => {
  const rig = await play(["boot-and-traffic.jsonl", "lost-replies.jsonl", "reload.jsonl"], ["svc-socks-grpc"]);
  // One more connection of alice, 874 bytes to her; 172 from her on the socket.
  expect(totalsOf(rig, "svc-http", "alice")).toEqual([5 + 1, 0, 0, 3197 + 874, 0]);
  expect(totalsOf(rig, "svc-http", "")).toEqual([7 + 1, 0, 1371 + 172, 4244 + 874, 2]);
  expect(totalsOf(rig, "svc-socks-grpc", "")).toEqual([3, 0, 315, 2607, 0]);
});

test("handlers of all kinds, and deltas that are zero at the end of a long download", async () => {
  const rig = await play(["handlers-and-recorders.jsonl"], ["edge-http"]);
  // edge-http resets its traffic: 86 / 4294325 while alice's download runs, then its end with nothing more.
  expect(totalsOf(rig, "edge-http", "alice")).toEqual([3, 0, 86 + 0, 4_294_325 + 0, 0]);
  expect(totalsOf(rig, "edge-http", "bob<b>")).toEqual([1, 0, 722, 7116, 0]);
  expect(totalsOf(rig, "edge-http", "")).toEqual([4, 0, 1679 + 0, 4_301_441 + 0, 1]);
  // The others reported once, and began in the capture: their first value is their total.
  expect(totalsOf(rig, "edge-socks", "alice")).toEqual([2, 0, 801, 7948, 0]);
  expect(totalsOf(rig, "edge-socks", "")).toEqual([2, 0, 859, 7956, 0]);
  expect(totalsOf(rig, "relay-in", "alice")).toEqual([2, 0, 177, 1718, 0]);
  expect(totalsOf(rig, "relay-in", "")).toEqual([2, 0, 3369, 5586, 0]);
  expect(totalsOf(rig, "forward", "")).toEqual([1, 0, 79, 855, 0]);
});

test("an auto handler: each inner handler's last value counts, in each of three lives", async () => {
  const rig = await play(["auto-handler.jsonl"], []);
  // Boot: http went to 4 connections, 316 / 3668, socks5 beside it to 2 and 158 / 1730. Then a reload with nothing open:
  // socks5 1, 79 / 865, and http 1, 79 / 917. Then a new process: 1, 79 / 865.
  expect(totalsOf(rig, "mixed", "alice")).toEqual([4 + 2 + 1 + 1 + 1, 0, 9 * 79, 3668 + 1730 + 865 + 917 + 865, 0]);
  expect(totalsOf(rig, "mixed", "")).toEqual([6 + 2 + 1, 0, 1146 + 339 + 105, 5406 + 1786 + 869, 0]);
});
