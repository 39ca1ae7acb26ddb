import { setTimeout as sleep } from "node:timers/promises";
import { type GrpcClient, GrpcError } from "../../src/component/transport.ts";
import { grpcClient } from "../../src/kit/client/grpc-client.ts";
import { EXPORT_METHODS } from "../../src/kit/otlp/methods.ts";
import { NEVER } from "../../src/lib/abort.ts";
import { seededRandom } from "../../src/lib/random.ts";
import { systemClock } from "../../src/lib/system-clock.ts";
import { MetricsWriter } from "../../src/model/otlp/metrics-writer.ts";
import { Row } from "../../src/model/points.ts";
import type { Metric, Series } from "../../src/model/series.ts";
import { SeriesTable } from "../../src/model/series-table.ts";

export interface OtlpShape {
  readonly nodes: number;
  /** Four of each client: both directions of its bytes, connections, errors. */
  readonly seriesPerNode: number;
}

const PERIOD_MS = 10_000;
const UNAVAILABLE = 14;
const RETRY_MS = 100;
/** Requests that are under way at a time: enough for whoever takes them to have always one. */
const TOGETHER_MAX = 2;
const SERIES_PER_CLIENT = 4;

/** What a GOST counts, as deltas of OTLP, for as many rounds as are asked for. The same numbers every time. */
export class OtlpLoad {
  readonly shape: OtlpShape;
  readonly table = new SeriesTable();
  /** The sum of all numbers that were handed out. */
  sum = 0;
  readonly #nodes: readonly (readonly Series[])[];
  readonly #writer: MetricsWriter;
  readonly #random = seededRandom(1);
  readonly #beganAt = Date.now();

  constructor(shape: OtlpShape) {
    this.shape = shape;
    this.#writer = new MetricsWriter(this.table);
    this.#nodes = Array.from({ length: shape.nodes }, (_, node) => seriesOf(this.table, node, shape.seriesPerNode));
  }

  /** One point of each series of one node: an export request. */
  request(node: number, round: number): Uint8Array {
    return this.#writer.write({ rows: [this.row(node, round)], points: [] });
  }

  row(node: number, round: number): Row {
    const series = this.#nodes[node]!;
    const values = series.map(() => this.#random.integer(1_000_000));
    for (const value of values) this.sum += value;
    const start = this.#beganAt + round * PERIOD_MS;
    return new Row(series, start, start + PERIOD_MS, values);
  }
}

/** Sends rounds of a load to a port, each node over a connection of its own. */
export function otlpSender(load: OtlpLoad, port: number) {
  const clients = Array.from({ length: load.shape.nodes }, () =>
    grpcClient(
      {
        host: "127.0.0.1",
        port,
        compression: "gzip",
        compressionLevel: 1,
        keepaliveMs: 0,
        keepaliveTimeoutMs: 0,
        answerBytesMax: 64 * 1024,
      },
      systemClock,
    ),
  );
  let round = 0;
  return {
    async send(rounds: number): Promise<void> {
      const end = round + rounds;
      const sendFrom = async (first: number) => {
        for (let node = first; node < clients.length; node += TOGETHER_MAX) {
          await taken(clients[node]!, load.request(node, round));
        }
      };
      for (; round < end; round++) {
        await Promise.all(Array.from({ length: TOGETHER_MAX }, (_, first) => sendFrom(first)));
      }
    },
    close() {
      for (const client of clients) client.close();
    },
  };
}

/** An agent that has too much to do says so, and is asked again. */
async function taken(client: GrpcClient, request: Uint8Array): Promise<void> {
  for (;;) {
    try {
      await client.call(EXPORT_METHODS.metrics, request, {}, NEVER);
      return;
    } catch (error) {
      if (!(error instanceof GrpcError && error.status === UNAVAILABLE)) throw error;
      await sleep(RETRY_MS);
    }
  }
}

function seriesOf(table: SeriesTable, node: number, count: number): readonly Series[] {
  const resource = table.resource({ "service.name": "gost", "service.instance.id": `edge-${node}` });
  const scope = table.scope("gost", "3.2.6");
  const metric = (name: string, unit: string, description: string): Metric =>
    table.metric({ name, unit, description, type: "sum", monotonic: true, temporality: "delta", number: "int" });
  const bytes = metric("gost.client.io", "By", "Bytes that a client received and sent.");
  const connections = metric("gost.client.connection.handled", "{connection}", "Connections of a client.");
  const errors = metric("gost.client.errors", "{error}", "Errors of a client.");
  const series: Series[] = [];
  for (let client = 0; client < count / SERIES_PER_CLIENT; client++) {
    const who = { "gost.service.name": `service-${client % 20}`, "gost.client.id": `client-${node}-${client}` };
    for (const direction of ["receive", "transmit"]) {
      series.push(table.series(resource, scope, bytes, { ...who, "network.io.direction": direction }));
    }
    series.push(table.series(resource, scope, connections, who), table.series(resource, scope, errors, who));
  }
  return series;
}
