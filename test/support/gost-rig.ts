import type { Deps } from "../../src/component/component.ts";
import type { Delivery, Origin } from "../../src/component/delivery.ts";
import type { LogFields } from "../../src/component/log.ts";
import { Refusal } from "../../src/component/refusal.ts";
import { noTransport } from "../../src/kit/client/transport.ts";
import { createFakeNetwork, type FakeConnection } from "../../src/kit/server/fake-server.ts";
import { NEVER } from "../../src/lib/abort.ts";
import { seededRandom } from "../../src/lib/random.ts";
import { virtualClock } from "../../src/lib/virtual-clock.ts";
import type { Attributes } from "../../src/model/attributes.ts";
import type { LogsBatch } from "../../src/model/log-records.ts";
import { allPoints, type MetricsBatch } from "../../src/model/points.ts";
import { SeriesTable } from "../../src/model/series-table.ts";
import { gostReceiver } from "../../src/receivers/gost/index.ts";

/** For tests: a started receiver with everything around it in the test's hands; `stored` is what its store holds, but for `names`. */
export async function startReceiver(
  configured: Record<string, unknown> = {},
  stored = new Map<string, unknown>(),
  { hostName = "this-machine", names = new Map<string, unknown>() } = {},
) {
  const clock = virtualClock();
  const network = createFakeNetwork();
  const table = new SeriesTable();
  const lines: { level: string; message: string; fields: LogFields | undefined }[] = [];
  const counters = new Map<string, { value: number }>();
  const gauges = new Map<string, () => Iterable<{ value: number; attributes?: Attributes }>>();
  const taken: { origin: Origin; metrics: MetricsBatch[]; logs: LogsBatch[] }[] = [];
  /** Set it to refuse: at admission, when examined, or in `consume`. */
  const refuse: { admission?: Refusal; examine?: Refusal; consume?: Refusal } = {};
  /** Set it to make every `consume` wait, or what is delivered count as received that much after its arrival. */
  const pace: { wait?: Promise<void>; receivedAfterMs?: number } = {};
  let current: (typeof taken)[number] | undefined;
  let deliveries = 0;

  const line = (level: string) => (message: string, fields?: LogFields) => lines.push({ level, message, fields });
  const log: Deps["log"] = {
    debug: line("debug"),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
    limited: () => log,
  };
  const rowsOf = (scope: string) => (scope === "names" ? names : stored);
  const unused = () => {
    throw new Error("a receiver has no use for this");
  };

  const deps: Deps = {
    id: { type: "gost", name: "" },
    clock,
    hostName,
    random: seededRandom(1),
    log,
    meter: {
      counter({ name }, attributes = {}) {
        const labels = Object.entries(attributes).map(([label, value]) => `${label}=${String(value)}`);
        const key = `${name.replace("gostcol_receiver_gost_", "")}{${labels.join(",")}}`;
        const counter = counters.get(key) ?? { value: 0 };
        counters.set(key, counter);
        return counter;
      },
      gauge({ name }, read) {
        gauges.set(name, read);
        return () => gauges.delete(name);
      },
    },
    store: {
      durable: false,
      page: unused,
      find: unused,
      count: unused,
      scope: (codec, name = "") => ({ name, codec, load: async () => new Map(rowsOf(name)) as never }),
    },
    series: table,
    deliver(origin, run) {
      if (refuse.admission !== undefined) return { taken: false, refusal: refuse.admission };
      const mine: (typeof taken)[number] = { origin, metrics: [], logs: [] };
      const staged: (() => void)[] = [];
      const undos: (() => void)[] = [];
      const delivery: Delivery = {
        id: String(++deliveries),
        receivedAt: clock.now() + (pace.receivedAfterMs ?? 0),
        peer: origin.peer,
        signal: origin.signal,
        transaction: {
          change: unused,
          put: ({ name }, key, value) => void staged.push(() => rowsOf(name).set(key, value)),
          delete: ({ name }, key) => void staged.push(() => rowsOf(name).delete(key)),
          onRolledBack: (undo) => void undos.push(undo),
        },
        onCommitted: (effect) => effect(),
      };
      const end = () => {
        for (const change of staged) change();
        taken.push(mine);
        return { taken: true } as const;
      };
      const fail = (thrown: unknown) => {
        for (const undo of undos.toReversed()) undo();
        return { taken: false, refusal: Refusal.from(thrown) } as const;
      };
      try {
        current = mine;
        const waiting = run(delivery);
        return waiting === undefined ? end() : waiting.then(end, fail);
      } catch (thrown) {
        return fail(thrown);
      }
    },
    crowded: () => refuse.admission,
    transport: noTransport,
    listen: network.listen,
    print: unused,
    report: () => {},
    agentHealth: async () => ({ phase: "running", components: [] }),
    extension: unused,
  };

  const config = gostReceiver.config.parse(configured);
  const receiver = gostReceiver.create(config, deps, {
    metrics: {
      examine: () => refuse.examine,
      consume(batch) {
        if (refuse.consume !== undefined) throw refuse.consume;
        current?.metrics.push(batch);
        return pace.wait;
      },
    },
    logs: {
      consume(batch) {
        current?.logs.push(batch);
      },
    },
  });
  await receiver.load?.(NEVER);
  await receiver.start?.(NEVER);

  return {
    receiver,
    clock,
    network,
    table,
    /** What was logged, as `level message`. */
    log: () => lines.map(({ level, message }) => `${level} ${message}`),
    lines,
    taken,
    refuse,
    pace,
    gauges,
    /** Counters above 0, without `gostcol_receiver_gost_`, as `name{key=value}`. */
    counted: () =>
      Object.fromEntries([...counters].filter(([, { value }]) => value > 0).map(([key, { value }]) => [key, value])),
    connect: (peer: { protocol?: "http" | "grpc"; address?: string } = {}): FakeConnection =>
      network.server().connect(peer),
    /** Posts events on a connection of their own that stays open. */
    post: (events: readonly unknown[], path = "/observer?node=edge-1") =>
      network
        .server()
        .connect()
        .send({ path, body: JSON.stringify({ events }) }),
    /** All points that were taken so far, as `name{attributes} value`, without those about the node itself. */
    points: () =>
      taken.flatMap(({ metrics }) =>
        metrics.flatMap((batch) =>
          allPoints(batch)
            .filter(({ series }) => !series.metric.name.startsWith("gost.node."))
            .map(({ series: { metric, attributes }, value }) => {
              const labels = Object.entries(attributes).map(([key, text]) => `${key}=${String(text)}`);
              return `${metric.name}{${labels.join(",")}} ${String(value)}`;
            }),
        ),
      ),
  };
}

export type GostRig = Awaited<ReturnType<typeof startReceiver>>;

/** A stats event as GOST sends it. */
export function stats(
  kind: "service" | "handler",
  service: string,
  [totalConns, currentConns, inputBytes, outputBytes, totalErrs]: readonly [number, number, number, number, number],
  client?: string,
) {
  return {
    kind,
    service,
    ...(client === undefined ? {} : { client }),
    type: "stats",
    stats: { totalConns, currentConns, inputBytes, outputBytes, totalErrs },
  };
}

/** A status event as GOST sends it. */
export function status(service: string, state: string) {
  return { kind: "service", service, type: "status", status: { state, msg: `service ${service} is ${state}` } };
}
