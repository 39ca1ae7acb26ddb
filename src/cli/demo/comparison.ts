import { type Account, sum, type Totals } from "../../simulate/books.ts";
import type { Sample } from "./samples.ts";

/** What the agent shows at its `/metrics`, beside what really happened at that moment. */
export interface Comparison {
  readonly clients: readonly ClientTotals[];
  /** Service level and handler level count the same traffic, so they are compared one by one and never added. */
  readonly levels: readonly LevelComparison[];
  /** The sum of all differences, wherever and in whichever direction: 0 only when every single total is right. */
  readonly difference: number;
}

export interface ClientTotals {
  readonly client: string;
  readonly nodes: string;
  readonly receivedBytes: number;
  readonly transmittedBytes: number;
  readonly connections: number;
}

export interface LevelComparison {
  readonly level: "service" | "handler";
  readonly countedBytes: number;
  readonly reportedBytes: number;
  readonly movedBytes: number;
  readonly lostBytes: number;
}

const METRIC_PREFIX = { service: "gost_service", handler: "gost_client" } as const;

export function compare(samples: readonly Sample[], truth: readonly Account[]): Comparison {
  const shown = totalsOf(samples);
  const expected = new Map<string, number>();
  for (const account of truth) {
    expected.set(keyOf(account, "receive"), account.taken.inputBytes);
    expected.set(keyOf(account, "transmit"), account.taken.outputBytes);
    expected.set(keyOf(account, "connections"), account.taken.totalConns);
  }
  let difference = 0;
  for (const key of new Set([...shown.keys(), ...expected.keys()])) {
    difference += Math.abs((shown.get(key) ?? 0) - (expected.get(key) ?? 0));
  }
  return {
    clients: clientTotals(samples),
    levels: (["service", "handler"] as const).map((level) => levelComparison(level, samples, truth)),
    difference,
  };
}

/** Every total that the agent shows, by whose it is. */
function totalsOf(samples: readonly Sample[]): Map<string, number> {
  const totals = new Map<string, number>();
  for (const kind of ["service", "handler"] as const) {
    for (const { name, labels, value } of samples) {
      const what =
        name === `${METRIC_PREFIX[kind]}_io_bytes_total`
          ? labels["network_io_direction"]
          : name === `${METRIC_PREFIX[kind]}_connection_handled_total`
            ? "connections"
            : undefined;
      if (what === undefined) continue;
      const { instance: node = "", gost_service_name: service = "", gost_client_id: client = "" } = labels;
      totals.set(keyOf({ node, kind, service, client }, what), value);
    }
  }
  return totals;
}

function keyOf(identity: Pick<Account, "node" | "kind" | "service" | "client">, what: string | undefined): string {
  return [identity.node, identity.kind, identity.service, identity.client, what].join(" ");
}

function clientTotals(samples: readonly Sample[]): ClientTotals[] {
  const clients = [...new Set(samples.flatMap(({ labels }) => labels["gost_client_id"] ?? []))].sort();
  return clients.map((client) => {
    const own = samples.filter(({ labels }) => labels["gost_client_id"] === client);
    const total = (name: string, direction?: string) =>
      own
        .filter((sample) => sample.name === name && sample.labels["network_io_direction"] === direction)
        .reduce((value, sample) => value + sample.value, 0);
    return {
      client,
      nodes: [...new Set(own.map(({ labels }) => labels["instance"] ?? ""))].sort().join(", "),
      receivedBytes: total("gost_client_io_bytes_total", "receive"),
      transmittedBytes: total("gost_client_io_bytes_total", "transmit"),
      connections: total("gost_client_connection_handled_total"),
    };
  });
}

function levelComparison(
  level: "service" | "handler",
  samples: readonly Sample[],
  truth: readonly Account[],
): LevelComparison {
  const accounts = truth.filter(({ kind }) => kind === level);
  const bytes = (part: "moved" | "taken" | "lost") => ioBytes(sum(accounts.map((account) => account[part])));
  return {
    level,
    countedBytes: samples
      .filter(({ name }) => name === `${METRIC_PREFIX[level]}_io_bytes_total`)
      .reduce((value, sample) => value + sample.value, 0),
    reportedBytes: bytes("taken"),
    movedBytes: bytes("moved"),
    lostBytes: bytes("lost"),
  };
}

const ioBytes = ({ inputBytes, outputBytes }: Totals) => inputBytes + outputBytes;
