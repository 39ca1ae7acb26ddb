import { expect, test } from "vitest";
import type { Account } from "../../simulate/books.ts";
import { compare } from "./comparison.ts";
import { parseSamples } from "./samples.ts";
import { screen } from "./screen.ts";

const METRICS = `# HELP gost_service_io_bytes Bytes
# TYPE gost_service_io_bytes counter
gost_service_io_bytes_total{gost_service_name="web",network_io_direction="receive",job="gost",instance="edge-1"} 1100
gost_service_io_bytes_total{gost_service_name="web",network_io_direction="transmit",job="gost",instance="edge-1"} 2200
gost_service_connection_handled_total{gost_service_name="web",job="gost",instance="edge-1"} 2
gost_client_io_bytes_total{gost_service_name="web",gost_client_id="alice",network_io_direction="receive",job="gost",instance="edge-1"} 1e3
gost_client_io_bytes_total{gost_service_name="web",gost_client_id="alice",network_io_direction="transmit",job="gost",instance="edge-1"} 2000
gost_client_connection_handled_total{gost_service_name="web",gost_client_id="alice",job="gost",instance="edge-1"} 1
target_info{job="gost",instance="edge-1"} 1
`;

const TRUTH = [
  account({ kind: "service", client: "", taken: [2, 1100, 2200], moved: [3, 1150, 2200], lost: [1, 20, 0] }),
  account({ kind: "handler", client: "alice", taken: [1, 1000, 2000], moved: [1, 1000, 2000], lost: [0, 0, 0] }),
];

test("reads samples with escaped labels", () => {
  expect(parseSamples('a_total{x="q\\"uote\\\\ and\\nline",y="}"} 12 1700000000\nb 1.5e3\n')).toEqual([
    { name: "a_total", labels: { x: 'q"uote\\ and\nline', y: "}" }, value: 12 },
    { name: "b", labels: {}, value: 1500 },
  ]);
});

test("the difference is 0 when every total is what was taken", () => {
  const { difference, clients, levels } = compare(parseSamples(METRICS), TRUTH);
  expect(difference).toBe(0);
  expect(clients).toEqual([
    { client: "alice", nodes: "edge-1", receivedBytes: 1000, transmittedBytes: 2000, connections: 1 },
  ]);
  expect(levels[0]).toEqual({
    level: "service",
    countedBytes: 3300,
    reportedBytes: 3300,
    movedBytes: 3350,
    lostBytes: 20,
  });
});

test("differences of opposite directions do not cancel out", () => {
  const wrong = METRICS.replace("} 1100", "} 1101").replace("} 2200", "} 2199");
  expect(compare(parseSamples(wrong), TRUTH).difference).toBe(2);
});

test("a total that is missing, of another node or too many is a difference", () => {
  expect(compare(parseSamples(METRICS.replace(/^gost_client_connection.*\n/m, "")), TRUTH).difference).toBe(1);
  expect(
    compare(parseSamples(METRICS.replace('instance="edge-1"} 1100', 'instance="edge-2"} 1100')), TRUTH).difference,
  ).toBe(2200);
  expect(compare(parseSamples(METRICS), TRUTH.slice(1)).difference).toBe(3302);
});

test("the screen tells totals, the difference, what was thrown at the agent and where to look", () => {
  const comparison = compare(parseSamples(METRICS), TRUTH);
  const text = screen({ comparison, restarts: 1, lostAnswers: 3, metricsUrl: "http://127.0.0.1:9464/metrics" });
  expect(text).toMatch(/^alice +edge-1 +1,000 +2,000 +1$/m);
  expect(text).toMatch(/^services \(on the wire\) +3,300 +3,300 +0$/m);
  expect(text).toMatch(/^clients \(relayed\) +3,000 +3,000 +0$/m);
  expect(text).toContain("Difference, every single total compared: 0");
  expect(text).toContain("1 restart of GOST by SIGKILL, 3 lost answers");
  expect(text).toContain("20 bytes died with a killed GOST; 30 wait");
  expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThan(80);
  expect(text).toContain("curl http://127.0.0.1:9464/metrics");
});

type Numbers = readonly [connections: number, inputBytes: number, outputBytes: number];

function account(parts: {
  kind: Account["kind"];
  client: string;
  taken: Numbers;
  moved: Numbers;
  lost: Numbers;
}): Account {
  const totals = ([totalConns, inputBytes, outputBytes]: Numbers) => ({
    totalConns,
    inputBytes,
    outputBytes,
    totalErrs: 0,
  });
  const { kind, client, taken, moved, lost } = parts;
  return {
    node: "edge-1",
    service: "web",
    kind,
    client,
    taken: totals(taken),
    moved: totals(moved),
    lost: totals(lost),
  };
}
