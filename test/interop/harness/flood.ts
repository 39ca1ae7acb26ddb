import { Agent, request } from "node:http";
import { type ClientHttp2Session, connect } from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished } from "vitest";
import type { GostEvent } from "../../../src/simulate/report.ts";
import { reportJson } from "../../../src/simulate/report.ts";
import { reportProtobuf } from "../../../src/simulate/report-protobuf.ts";
import { type Sample, select } from "./metrics-text.ts";

/** As GOST's `plugin.timeout` in our snippets: then the connection is given up, and the report is sent again. */
const PATIENCE_MS = 5_000;
/** Before a report that was not taken is sent again. */
const REPEAT_MS = 100;

export interface FloodOptions {
  readonly protocol: "http" | "grpc";
  readonly port: number;
  /** Each names itself by a token of its own: `node-0`, ... */
  readonly nodes: number;
  /** Those of one node report on the same clients; their deltas add. */
  readonly emittersPerNode: number;
  readonly clients: number;
}

/** What became of the reports; times in milliseconds. */
export interface FloodResult {
  readonly taken: number;
  readonly refused: number;
  /** Not answered in time, or broken on the way. */
  readonly lost: number;
  readonly longestAnswerMs: number;
  /** How many were taken or refused in each second. */
  readonly answeredBySecond: readonly number[];
}

/** What was answered with success so far, by node. */
export type Moved = ReadonlyMap<string, { readonly reports: number; readonly bytes: number }>;

export interface Flood {
  readonly moved: Moved;
  /**
   * Reports that so many become due in a second, spread over all emitters, until `ends`; who still waits for an answer
   * then lets its own pass. Afterwards what was not taken is repeated until it is.
   */
  run(perSecond: number, ends: Promise<unknown>): Promise<FloodResult>;
}

export const nodeName = (index: number) => `node-${index}`;

/** Emitters as GOST has them: each has one report on its way, and repeats it until it is taken. */
export function createFlood(options: FloodOptions): Flood {
  const { nodes, emittersPerNode } = options;
  const moved = new Map<string, { reports: number; bytes: number }>();
  const send = options.protocol === "http" ? httpSender(options) : grpcSender(options);
  let lastNumber = 100_000;
  return {
    moved,
    async run(perSecond, ends) {
      const result = { taken: 0, refused: 0, lost: 0, longestAnswerMs: 0, answeredBySecond: [] as number[] };
      const periodMs = (1000 * nodes * emittersPerNode) / perSecond;
      const beganAt = performance.now();
      let ended = false;
      void ends.then(() => {
        ended = true;
      });
      const emit = async (node: string, dueAt: number) => {
        let due = dueAt;
        let number: number | undefined;
        while (!ended || number !== undefined) {
          if (number === undefined) {
            const now = performance.now();
            if (due > now) await sleep(due - now);
            due += periodMs * Math.max(1, Math.ceil((performance.now() - due) / periodMs));
            if (ended) return;
            number = ++lastNumber;
          } else await sleep(REPEAT_MS);
          const sentAt = performance.now();
          const outcome = await send(node, number);
          const now = performance.now();
          result[outcome]++;
          result.longestAnswerMs = Math.max(result.longestAnswerMs, now - sentAt);
          if (outcome !== "lost") {
            const second = Math.floor((now - beganAt) / 1000);
            while (result.answeredBySecond.length <= second) result.answeredBySecond.push(0);
            result.answeredBySecond[second]!++;
          }
          if (outcome !== "taken") continue;
          const { reports, bytes } = moved.get(node) ?? { reports: 0, bytes: 0 };
          moved.set(node, { reports: reports + 1, bytes: bytes + number });
          number = undefined;
        }
      };
      const emitters = Array.from({ length: nodes * emittersPerNode }, (_, index) =>
        emit(nodeName(index % nodes), beganAt + Math.random() * periodMs),
      );
      await Promise.all(emitters);
      return result;
    },
  };
}

/** Every report that was answered with success is shown, once, and nothing else is. */
export function expectCounted(
  samples: readonly Sample[],
  floods: readonly Flood[],
  { nodes, clients }: Pick<FloodOptions, "nodes" | "clients">,
): void {
  for (let index = 0; index < nodes; index++) {
    const node = nodeName(index);
    const shown = (client: number, direction: string) => {
      const labels = { instance: node, gost_client_id: `client-${client}`, network_io_direction: direction };
      return select(samples, "gost_client_io_bytes_total", labels).map(({ value }) => value);
    };
    const moved = floods.map(({ moved }) => moved.get(node) ?? { reports: 0, bytes: 0 });
    const bytes = moved.reduce((sum, { bytes }) => sum + bytes, 0);
    const bytesOfOthers = moved.reduce((sum, { reports }) => sum + reports * CLIENT_BYTES, 0);
    expect([node, shown(0, "receive")]).toEqual([node, [bytes]]);
    expect([node, shown(0, "transmit")]).toEqual([node, [bytesOfOthers]]);
    expect([node, shown(clients - 1, "receive")]).toEqual([node, [bytesOfOthers]]);
  }
}

type Outcome = "taken" | "refused" | "lost";
type Send = (node: string, number: number) => Promise<Outcome>;

/** What each client but the first moves with each report. */
const CLIENT_BYTES = 1000;

function statsOf(client: number, inputBytes: number): GostEvent {
  const stats = { totalConns: 9, currentConns: 1, inputBytes, outputBytes: CLIENT_BYTES, totalErrs: 0 };
  return { kind: "handler", service: "web", client: `client-${client}`, type: "stats", stats };
}

const otherClients = (clients: number) =>
  Array.from({ length: clients - 1 }, (_, index) => statsOf(index + 1, CLIENT_BYTES));

function httpSender({ port, clients, nodes, emittersPerNode }: FloodOptions): Send {
  const others = Buffer.from(reportJson(otherClients(clients)).replace('{"events":[', ","));
  const agent = new Agent({ keepAlive: true, maxSockets: nodes * emittersPerNode });
  onTestFinished(() => agent.destroy());
  return (node, number) =>
    new Promise((resolve) => {
      const first = Buffer.from(reportJson([statsOf(0, number)]).replace(/\]\}$/, ""));
      const sent = request(
        {
          agent,
          port,
          host: "127.0.0.1",
          method: "POST",
          path: "/observer?temporality=delta",
          headers: { Authorization: `Bearer ${node}`, "Content-Length": first.length + others.length },
          timeout: PATIENCE_MS,
        },
        (answer) => {
          answer.resume();
          answer.once("end", () => resolve(answer.statusCode === 200 ? "taken" : "refused"));
          answer.once("error", () => resolve("lost"));
        },
      );
      sent.once("timeout", () => sent.destroy());
      sent.once("error", () => resolve("lost"));
      sent.write(first);
      sent.end(others);
    });
}

function grpcSender({ port, clients }: FloodOptions): Send {
  const others = Buffer.from(reportProtobuf(otherClients(clients)));
  const sessions = new Map<string, ClientHttp2Session>();
  onTestFinished(() => {
    for (const session of sessions.values()) session.destroy();
  });
  const sessionOf = (node: string) => {
    let session = sessions.get(node);
    if (session === undefined || session.closed || session.destroyed) {
      session = connect(`http://127.0.0.1:${port}`);
      session.on("error", () => {});
      sessions.set(node, session);
    }
    return session;
  };
  return (node, number) =>
    new Promise((resolve) => {
      const first = reportProtobuf([statsOf(0, number)]);
      const prefix = Buffer.alloc(5);
      prefix.writeUInt32BE(first.length + others.length, 1);
      const stream = sessionOf(node).request({
        ":method": "POST",
        ":path": "/proto.Observer/Observe",
        "content-type": "application/grpc",
        te: "trailers",
        token: node,
      });
      let status: string | undefined;
      const note = (headers: Readonly<Record<string, unknown>>) => {
        status ??= headers["grpc-status"] as string | undefined;
      };
      stream.setTimeout(PATIENCE_MS, () => stream.close(8));
      stream
        .on("response", note)
        .on("trailers", note)
        .on("error", () => {})
        .resume();
      stream.once("close", () => resolve(status === "0" ? "taken" : status === undefined ? "lost" : "refused"));
      stream.write(Buffer.concat([prefix, first]));
      stream.end(others);
    });
}
