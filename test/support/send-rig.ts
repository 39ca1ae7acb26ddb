import * as z from "zod";
import type { Deps, Exporter } from "../../src/component/component.ts";
import type { Consumer, Deliver, Outcome } from "../../src/component/delivery.ts";
import type { ComponentStatus } from "../../src/component/status.ts";
import type { StoreBackend } from "../../src/component/store.ts";
import { noTransport } from "../../src/kit/client/transport.ts";
import { memoryStore } from "../../src/kit/memory-store.ts";
import { sendFields } from "../../src/kit/send/config.ts";
import type { DeadLetter } from "../../src/kit/send/dead-letters.ts";
import { sendChain } from "../../src/kit/send/send-chain.ts";
import type { PartialSuccess } from "../../src/kit/send/sender.ts";
import { NEVER } from "../../src/lib/abort.ts";
import { seededRandom } from "../../src/lib/random.ts";
import { type VirtualClock, virtualClock } from "../../src/lib/virtual-clock.ts";
import type { MetricsBatch, Point } from "../../src/model/points.ts";
import type { Metric } from "../../src/model/series.ts";
import { SeriesTable } from "../../src/model/series-table.ts";
import type { Signal } from "../../src/model/signal.ts";
import { Deliveries } from "../../src/pipeline/deliveries.ts";
import { Meters } from "../../src/pipeline/meters.ts";
import { componentStore } from "../../src/service/component-store.ts";
import { silentLog } from "./silent-log.ts";

/** A request that reached the backend: its points as `node/client=value`. */
export interface Sent {
  readonly points: readonly string[];
  /** By the rig's clock, from its begin. */
  readonly atMs: number;
  readonly signal: AbortSignal;
}

export interface SendRigOptions {
  readonly config?: z.input<ReturnType<typeof configSchema>>;
  /** The answer to each attempt; by default a success at once. */
  readonly answer?: (sent: Sent) => Promise<PartialSuccess | undefined> | PartialSuccess | undefined;
  readonly backend?: StoreBackend;
  readonly temporality?: Metric["temporality"];
}

/** A send chain with a backend that a test plays, in a world of its own. */
export interface SendRig {
  readonly clock: VirtualClock;
  /** Every attempt, and those of them that the backend took. */
  readonly sent: Sent[];
  readonly taken: Sent[];
  readonly deadLetters: DeadLetter<Signal>[];
  readonly statuses: ComponentStatus[];
  readonly exporter: Exporter;
  /** Delivers points such as `edge-1/alice=5`. */
  deliver(...points: string[]): Outcome | Promise<Outcome>;
  total(name: string, attributes?: Record<string, string>): number;
  /** Lets everything happen that waits for nothing, then `ms` of virtual time. */
  pass(ms?: number): Promise<void>;
  stop(deadline?: AbortSignal): Promise<void>;
}

const configSchema = () => z.strictObject(sendFields());

export async function sendRig(options: SendRigOptions = {}): Promise<SendRig> {
  const { backend = memoryStore(), answer = () => undefined, temporality = "cumulative" } = options;
  const clock = virtualClock();
  const beganMs = clock.monotonic();
  const meters = new Meters();
  const table = new SeriesTable();
  const sent: Sent[] = [];
  const taken: Sent[] = [];
  const deadLetters: DeadLetter<Signal>[] = [];
  const statuses: ComponentStatus[] = [];
  const deliveries = new Deliveries({ backend, clock, log: silentLog, meter: meters.meter({}) });
  const points = pointsIn(table, temporality);
  const deps: Deps = {
    id: { type: "test", name: "" },
    clock,
    hostName: "test-host",
    random: seededRandom(1),
    log: silentLog,
    meter: meters.meter({}),
    store: componentStore(backend, "exporter:test"),
    series: table,
    deliver: deliveries.deliverer([], meters.meter({})),
    crowded: () => undefined,
    transport: noTransport,
    listen: () => Promise.reject(new Error("no network here")),
    print: () => true,
    report: (status) => statuses.push(status),
    agentHealth: async () => ({ phase: "running", components: [] }),
    extension: <T>() => backend as T,
  };
  const exporter = sendChain({
    config: configSchema().parse(options.config ?? {}),
    deps,
    senders: {
      metrics: {
        async send(batch, signal) {
          const request = { points: textsOf(batch), atMs: clock.monotonic() - beganMs, signal };
          sent.push(request);
          const said = await answer(request);
          taken.push(request);
          return said;
        },
      },
    },
    deadLetters: { add: async (letter) => deadLetters.push(letter as unknown as DeadLetter<Signal>) > 0 },
  });
  await exporter.load?.(NEVER);
  await exporter.start?.(NEVER);
  const consumer = exporter.metrics as Consumer<"metrics">;
  const deliver: Deliver = deliveries.deliverer([consumer as unknown as Consumer<Signal>], meters.meter({}));

  return {
    clock,
    sent,
    taken,
    deadLetters,
    statuses,
    exporter,
    deliver: (...texts) =>
      deliver(
        {
          peer: { address: "test", transport: "internal" },
          upperBound: { items: texts.length, bytes: 0 },
          signal: NEVER,
        },
        (delivery) => consumer.consume({ rows: [], points: texts.map(points) }, delivery),
      ),
    total: (name, attributes) => meters.total(name, attributes),
    pass: (ms = 0) => clock.advanceAsync(ms),
    stop: async (deadline = NEVER) => exporter.stop?.(deadline),
  };
}

function pointsIn(table: SeriesTable, temporality: Metric["temporality"]): (text: string) => Point {
  const metric = table.metric({
    name: "gost.client.io",
    unit: "By",
    description: "",
    type: "sum",
    monotonic: true,
    temporality,
    number: "int",
  });
  return (text) => {
    const [, node, client, value] = /^(.*)\/(.*)=(.*)$/.exec(text)!;
    const resource = table.resource({ "service.instance.id": node! });
    const series = table.series(resource, table.scope("test", ""), metric, { "gost.client.id": client! });
    return { series, start: 0, time: 0, value: Number(value) };
  };
}

function textsOf({ points }: MetricsBatch): string[] {
  return points.map(
    ({ series: { resource, attributes }, value }) =>
      `${resource.attributes["service.instance.id"]}/${attributes["gost.client.id"]}=${value}`,
  );
}
