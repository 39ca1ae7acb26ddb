import type { Deps, Exporter } from "../../component/component.ts";
import { defineExporter } from "../../component/define.ts";
import type { Delivery } from "../../component/delivery.ts";
import type { MetricDescription } from "../../component/meter.ts";
import { isLoopback } from "../../kit/fields.ts";
import { checkSendFields } from "../../kit/send/config.ts";
import { sendFeeds } from "../../kit/send/dead-letter-exporter.ts";
import { sendChain } from "../../kit/send/send-chain.ts";
import { SendError } from "../../kit/send/send-error.ts";
import { SEND_TELEMETRY } from "../../kit/send/telemetry.ts";
import { NEVER } from "../../lib/abort.ts";
import { allPoints, type MetricsBatch } from "../../model/points.ts";
import type { Series } from "../../model/series.ts";
import { type Config, config } from "./config.ts";
import { Lines } from "./lines.ts";
import { Pacer } from "./pacer.ts";
import { packets } from "./packets.ts";
import { type SentValue, SentValues } from "./sent-values.ts";

/** What a packet over Ethernet holds beside the headers of IPv6 and UDP, and what the machine's own interfaces do. */
const NETWORK_PACKET_BYTES = 1432;
const LOCAL_PACKET_BYTES = 8192;

const UNSAYABLE: MetricDescription = {
  name: "gostcol_exporter_statsd_left_out",
  description: "Points that StatsD has no line for, by reason",
  unit: "{point}",
};

export const statsdExporter = defineExporter({
  type: "statsd",
  summary: "Sends metrics as StatsD, DogStatsD, Graphite's or InfluxDB's lines: counters as exact increments.",
  signals: { metrics: "stable" },
  queued: true,
  config,
  telemetry: [...SEND_TELEMETRY, UNSAYABLE],
  feeds: sendFeeds,
  check: checkSendFields,
  resources: ({ endpoint }) =>
    endpoint.protocol === "unix"
      ? []
      : [{ type: "send", host: endpoint.host, port: endpoint.port, path: ["endpoint"] }],

  create(config, deps, next): Exporter {
    const { endpoint } = config;
    const sent = new SentValues(deps.store, deps.series);
    const lines = new Lines(config, deps.series, deps.random);
    const socket = deps.transport.messages(endpoint);
    const pacer = new Pacer(deps.clock, config.max_metrics_per_second);
    const packetBytes = config.max_packet_size ?? (isFar(endpoint) ? NETWORK_PACKET_BYTES : LOCAL_PACKET_BYTES);
    const isStream = endpoint.protocol !== "udp";

    /** Of batches that left in part: the places of the points that have left. They are tried again as the same batch. */
    const left = new WeakMap<MetricsBatch, Set<number>>();

    /** One batch at a time: what is sent of a series is known before the next of its points is looked at. */
    let last: Promise<unknown> = Promise.resolve();
    function inTurn<T>(work: () => Promise<T>): Promise<T> {
      const turn = last.then(work);
      last = turn.catch(() => {});
      return turn;
    }

    async function send(batch: MetricsBatch, signal: AbortSignal): Promise<undefined> {
      signal.throwIfAborted();
      const written = await remembered(deps, (delivery) => write(batch, delivery));
      let linesLeft = 0;
      try {
        for (const packet of packets(written.lines, packetBytes, isStream)) {
          await pacer.leave(packet.lines, signal);
          await socket.send(packet.bytes, signal);
          linesLeft += packet.lines;
        }
      } catch (thrown) {
        // What has left is counted there. The rest is not, so it is taken back, and said again with what comes then.
        await remembered(deps, (delivery) => takeBack(batch, written, linesLeft, delivery));
        throw SendError.from(thrown);
      }
      return undefined;
    }

    function write(batch: MetricsBatch, delivery: Delivery): Written {
      const all: string[] = [];
      const said: Said[] = [];
      const gone = left.get(batch);
      for (const [index, point] of allPoints(batch).entries()) {
        if (gone?.has(index)) continue;
        const before = sent.get(point.series);
        const its = lines.of(point, before);
        if (typeof its === "string") {
          deps.meter.counter(UNSAYABLE, { reason: its }).value++;
          continue;
        }
        all.push(...its.lines);
        said.push({ index, series: point.series, before, counts: its.sent !== undefined, linesUntil: all.length });
        if (its.sent !== undefined) sent.set(point.series, its.sent, delivery);
      }
      return { lines: all, said };
    }

    /** `linesLeft`: how many lines are on their way. */
    function takeBack(batch: MetricsBatch, { said }: Written, linesLeft: number, delivery: Delivery): void {
      const gone = left.get(batch) ?? new Set<number>();
      for (const { index, series, before, counts, linesUntil } of [...said].reverse()) {
        if (linesUntil <= linesLeft) gone.add(index);
        else if (counts) sent.set(series, before, delivery);
      }
      left.set(batch, gone);
    }

    return sendChain({
      config,
      deps,
      next,
      senders: { metrics: { send: (batch, signal) => inTurn(() => send(batch, signal)) } },
      transport: {
        load: (signal) => sent.load(signal),
        async stop() {
          socket.close();
          lines.dispose();
          sent.dispose();
        },
      },
    });
  },
});

interface Written {
  readonly lines: readonly string[];
  readonly said: readonly Said[];
}

interface Said {
  /** Its place among the batch's points. */
  readonly index: number;
  readonly series: Series;
  /** What was sent of the series before. */
  readonly before: SentValue | undefined;
  /** Whether what is sent of the series has changed. */
  readonly counts: boolean;
  /** Its last line is in front of this one. */
  readonly linesUntil: number;
}

/** Runs as a delivery of its own; what the store does not take is tried again with the batch. */
async function remembered<T>({ deliver }: Deps, run: (delivery: Delivery) => T): Promise<T> {
  let result: T | undefined;
  const origin = {
    peer: { address: "statsd", transport: "internal" as const },
    upperBound: { items: 0, bytes: 0 },
    signal: NEVER,
  };
  const outcome = await deliver(origin, (delivery) => {
    result = run(delivery);
  });
  if (!outcome.taken) throw new SendError("retryable", "store", outcome.refusal.message, { cause: outcome.refusal });
  return result as T;
}

function isFar(endpoint: Config["endpoint"]): boolean {
  return endpoint.protocol === "udp" && !isLoopback(endpoint.host);
}
