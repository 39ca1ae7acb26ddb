import type { Random } from "../../src/lib/random.ts";
import type { GostConfig } from "../../src/simulate/gost.ts";
import type { ServiceConfig } from "../../src/simulate/service-config.ts";
import type { DiskHabits } from "./disk.ts";
import type { BackendHabits } from "./network/backend.ts";
import type { NetworkHabits, Trouble } from "./network/weather.ts";
import { between, happens, oneOf, type World } from "./world.ts";

/** What one life is like: drawn from its seed before it begins. */
export interface Scenario {
  readonly nodes: readonly NodeScenario[];
  readonly disk: DiskHabits;
  readonly network: NetworkHabits;
  /** The means between what befalls the agent, milliseconds; infinite for never. */
  readonly agentKillMs: number;
  readonly agentTermMs: number;
  readonly agentReloadMs: number;
  readonly stormMs: number;
  readonly diskFullMs: number;
  /** The mean between two settings of the machine's clock; infinite for never. */
  readonly clockSetMs: number;
  readonly temporality: "auto" | "delta" | "cumulative";
  /** After so long without a report a total is kept in the store alone; 0 never. */
  readonly archiveAfterMs: number;
  /** When the processors get other names; infinite for never. */
  readonly renamedAtMs: number;
  /** Where totals are sent as well; undefined for nowhere. */
  readonly backend: BackendScenario | undefined;
}

export interface BackendScenario extends BackendHabits {
  /** The mean between its outages, and the longest of them. */
  readonly outageMs: number;
  readonly outageMsMax: number;
  /** Of the exporter's queue. */
  readonly queueSize: number;
  readonly batches: boolean;
}

export interface NodeScenario {
  readonly gost: GostConfig;
  readonly told: "delta" | "cumulative" | undefined;
  readonly patienceMs: number | undefined;
  readonly users: readonly { readonly service: string; readonly client: string }[];
  readonly pauseMeanMs: number;
  /** Connections that move the same bytes in each period. */
  readonly heartbeats: number;
  readonly killMs: number;
  readonly termMs: number;
  readonly reloadMs: number;
  readonly powerLossMs: number;
  readonly stumbleMs: number;
  /** How often a life is over moments after it began: a crash loop, a reload upon a start, reloads upon each other. */
  readonly haste: number;
  /** Whether its clients leave before it is reloaded, and come when what is done to it in haste is over. */
  readonly careful: boolean;
}

const CLIENTS = ["alice", "bob", "carol"];
const TROUBLES: readonly Trouble[] = [
  "cut_before",
  "cut_during",
  "cut_answer",
  "cut_after",
  "vanish_before",
  "vanish_answer",
  "vanish_after",
  "stall_before",
  "stall_answer",
];

export function drawScenario(world: World): Scenario {
  const random = world.random("scenario");
  const renamedAtMs = drawRenamedAt(world.random("names"));
  const backend = drawBackend(world.random("backend's scenario"));
  const habits: Habits = { haste: world.random("haste"), care: world.random("care") };
  const nodes = Array.from({ length: happens(random, 0.7) ? 1 : 2 }, (_, index) => drawNode(random, habits, index));
  return {
    nodes,
    temporality: "auto",
    disk: {
      immediate: oneOf(random, [0, 0.3, 1]),
      delayMsMax: oneOf(random, [2, 20, 200]),
      fails: oneOf(random, [0, 0, 0.01, 0.1]),
      unknown: oneOf(random, [0, 0, 0.01, 0.1]),
      late: oneOf(random, [0, 0, 0.003, 0.02]),
      renames: Number.isFinite(renamedAtMs),
    },
    network: {
      fair: oneOf(random, [0, 0.01, 0.05]),
      foul: oneOf(random, [0.1, 0.5, 0.9]),
      troubles: happens(random, 0.7) ? TROUBLES : [oneOf(random, TROUBLES)],
    },
    agentKillMs: oneOf(random, [Number.POSITIVE_INFINITY, 60_000, 120_000]),
    agentTermMs: oneOf(random, [Number.POSITIVE_INFINITY, 150_000]),
    agentReloadMs: oneOf(random, [Number.POSITIVE_INFINITY, 100_000]),
    stormMs: oneOf(random, [Number.POSITIVE_INFINITY, 60_000, 150_000]),
    diskFullMs: oneOf(random, [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 150_000]),
    archiveAfterMs: drawArchiveAfter(world.random("archive")),
    renamedAtMs,
    backend,
    // Times that go back are nothing that a backend takes.
    clockSetMs: backend === undefined ? drawClockSet(world.random("clock")) : Number.POSITIVE_INFINITY,
  };
}

/** The share of lives in which the machine's clock is set. */
const CLOCK_SET_SHARE = 0.15;

function drawClockSet(random: Random): number {
  return happens(random, CLOCK_SET_SHARE) ? oneOf(random, [30_000, 120_000]) : Number.POSITIVE_INFINITY;
}

function drawArchiveAfter(random: Random): number {
  return happens(random, 0.15) ? oneOf(random, [10_000, 60_000]) : 0;
}

function drawRenamedAt(random: Random): number {
  return happens(random, 0.15) ? between(random, 10_000, 400_000) : Number.POSITIVE_INFINITY;
}

/** The share of lives in which totals are sent: these take longer. */
const SENDING_SHARE = 0.1;

function drawBackend(random: Random): BackendScenario | undefined {
  if (!happens(random, SENDING_SHARE)) return undefined;
  return {
    refuses: oneOf(random, [0, 0.05, 0.3]),
    losesRequests: oneOf(random, [0, 0.05, 0.2]),
    losesAnswers: oneOf(random, [0, 0.05, 0.3]),
    hangs: oneOf(random, [0, 0.01, 0.05]),
    delayMsMax: oneOf(random, [5, 100, 2_000]),
    outageMs: oneOf(random, [Number.POSITIVE_INFINITY, 60_000, 200_000]),
    outageMsMax: oneOf(random, [10_000, 120_000]),
    queueSize: oneOf(random, [20, 1_000]),
    batches: happens(random, 0.5),
  };
}

/** What whoever runs a node is drawn from. */
interface Habits {
  readonly haste: Random;
  readonly care: Random;
}

function drawNode(random: Random, { haste, care }: Habits, index: number): NodeScenario {
  const node = `edge-${index + 1}`;
  const resetTraffic = happens(random, 0.5);
  const told = resetTraffic ? "delta" : "cumulative";
  const count = 1 + random.integer(2);
  const services = Array.from({ length: count }, (_, at) => drawService(random, `svc-${at + 1}`, resetTraffic));
  return {
    gost: {
      node,
      observer: happens(random, 0.25)
        ? { type: "grpc", target: "", token: `token-of-${node}` }
        : { type: "http", target: `/observer?node=${node}&temporality=${told}`, token: `token-of-${node}` },
      services,
    },
    told,
    patienceMs: oneOf(random, [undefined, 5_000, 10_000]),
    users: services.flatMap(({ name }) =>
      CLIENTS.slice(0, 1 + random.integer(3)).map((client) => ({ service: name, client })),
    ),
    pauseMeanMs: between(random, 1_000, 6_000),
    heartbeats: happens(random, 0.3) ? 1 : 0,
    killMs: oneOf(random, [Number.POSITIVE_INFINITY, 120_000]),
    termMs: oneOf(random, [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 150_000]),
    reloadMs: oneOf(random, [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 150_000]),
    powerLossMs: oneOf(random, [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 200_000]),
    stumbleMs: oneOf(random, [Number.POSITIVE_INFINITY, 100_000]),
    haste: oneOf(haste, [0, 0, 0.5]),
    careful: happens(care, 0.5),
  };
}

function drawService(random: Random, name: string, resetTraffic: boolean): ServiceConfig {
  const handler = oneOf(random, ["http", "socks5", "tcp", "auto"] as const);
  return {
    name,
    handler,
    levels: oneOf(random, [["service"], ["service", "handler"]] as const),
    resetTraffic,
    periodMs: oneOf(random, [1_000, 2_000, 5_000]),
  };
}

/**
 * The configurations that the agent runs with in this life, one after the other by its reloads. `suffix`: of the names
 * of its processors.
 */
export function agentConfigs(scenario: Scenario, suffix = ""): readonly string[] {
  const { backend, archiveAfterMs } = scenario;
  const [dedupe, toTotals] = [`dedupe${suffix}`, `delta_to_cumulative${suffix}`];
  const config = (
    more: { readonly exporters: string; readonly names: string; readonly dedupe: string },
    timeoutS = 5,
  ) => `
receivers:
  gost:
    endpoint: 127.0.0.1:8000
    temporality: ${scenario.temporality}
    auth: { tokens: [${scenario.nodes
      .filter(({ gost }) => gost.observer.token !== undefined)
      .map(({ gost, told }) => `{ token: ${gost.observer.token}, node: ${gost.node}, temporality: ${told ?? "auto"} }`)
      .join(", ")}] }
${backend === undefined ? "" : "extensions: { disk: }"}
processors:
  ${dedupe}: { ${more.dedupe} }
  ${toTotals}: { archive_after: ${archiveAfterMs}ms }
exporters:
  world:
  prometheus: { endpoint: "127.0.0.1:9464" }
${backend === undefined ? "" : exporterTo(backend, timeoutS)}
${more.exporters}
service:
  extensions: [${backend === undefined ? "" : "disk"}]
  telemetry: { metrics: { level: none } }
  pipelines:
    metrics: { receivers: [gost], processors: [${dedupe}, ${toTotals}], exporters: [${more.names}${backend === undefined ? "" : ", otlp_http"}] }
`;
  return [
    config({ exporters: "", names: "world, prometheus", dedupe: "" }),
    config({ exporters: "  nop:", names: "world, nop", dedupe: "" }, 4),
    config({ exporters: "  world/2: { label: second }", names: "world/2, world, prometheus", dedupe: "" }),
    config({ exporters: "", names: "world, prometheus", dedupe: "history: 40" }),
  ];
}

function exporterTo({ queueSize, batches }: BackendScenario, timeoutS: number): string {
  return `
  otlp_http:
    endpoint: http://10.0.1.1:4318
    compression: none
    timeout: ${timeoutS}s
    sending_queue:
      storage: disk
      queue_size: ${queueSize}
      ${batches ? "batch: { min_size: 100, flush_timeout: 1s }" : ""}
`;
}
