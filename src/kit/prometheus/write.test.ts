import fc from "fast-check";
import { Counter, Histogram as PromHistogram, Registry } from "prom-client";
import { describe, expect, test } from "vitest";
import { readExposition } from "../../../test/support/read-exposition.ts";
import type { Exemplar, Histogram } from "../../model/points.ts";
import { Family, type FamilyDescription } from "./family.ts";
import { CLASSIC_TEXT, type Format } from "./format.ts";
import type { Labels } from "./labels.ts";
import { estimatedBytes, writeFamilies } from "./write.ts";

const UTF8_TEXT: Format = { type: "text", version: "1.0.0", escaping: "allow-utf-8" };
const OPEN_METRICS: Format = { type: "openmetrics", version: "1.0.0", escaping: "allow-utf-8" };

interface TestSample {
  readonly labels: Labels;
  readonly value: number | Histogram;
  readonly timeMs?: number;
  readonly createdMs?: number;
  readonly exemplars?: readonly Exemplar[];
}

function family(description: Partial<FamilyDescription>, ...samples: TestSample[]): Family {
  const made = new Family({ name: "x", type: "gauge", help: "", unit: "", ...description });
  for (const { labels, value, timeMs = 0, createdMs = 0, exemplars } of samples) {
    const position = made.add(labels);
    made.show(position, value, timeMs, createdMs);
    made.showExemplars(position, exemplars);
  }
  return made;
}

function text(families: readonly Family[], format: Format, options: { timestamps?: boolean; created?: boolean } = {}) {
  return writeFamilies(families, { format, timestamps: false, created: false, ...options }).toString();
}

const io = () =>
  family(
    { name: "gost_client_io_bytes_total", type: "counter", help: 'Bytes "of" a\\b\nclient', unit: "bytes" },
    { labels: { gost_client_id: "alice" }, value: 235, timeMs: 1_700_000_000_250, createdMs: 1_600_000_000_000 },
    { labels: { gost_client_id: 'b"o\\b\n😀' }, value: 2 ** 53 - 1 },
  );

describe("the text format", () => {
  test("has help, type and a line for each sample, families in order of their names", () => {
    const up = family({ name: "gost_node_up", help: "Up" }, { labels: {}, value: 1 });
    expect(text([up, io()], CLASSIC_TEXT)).toBe(
      [
        '# HELP gost_client_io_bytes_total Bytes "of" a\\\\b\\nclient',
        "# TYPE gost_client_io_bytes_total counter",
        'gost_client_io_bytes_total{gost_client_id="alice"} 235',
        'gost_client_io_bytes_total{gost_client_id="b\\"o\\\\b\\n😀"} 9007199254740991',
        "# HELP gost_node_up Up",
        "# TYPE gost_node_up gauge",
        "gost_node_up 1",
        "",
      ].join("\n"),
    );
  });

  test("tells times in milliseconds, and _created as a family of gauges", () => {
    expect(text([io()], CLASSIC_TEXT, { timestamps: true, created: true })).toBe(
      [
        '# HELP gost_client_io_bytes_total Bytes "of" a\\\\b\\nclient',
        "# TYPE gost_client_io_bytes_total counter",
        'gost_client_io_bytes_total{gost_client_id="alice"} 235 1700000000250',
        'gost_client_io_bytes_total{gost_client_id="b\\"o\\\\b\\n😀"} 9007199254740991',
        '# HELP gost_client_io_bytes_created Bytes "of" a\\\\b\\nclient',
        "# TYPE gost_client_io_bytes_created gauge",
        'gost_client_io_bytes_created{gost_client_id="alice"} 1600000000 1700000000250',
        "",
      ].join("\n"),
    );
  });

  test("writes a histogram with cumulative buckets", () => {
    const value = { count: 6, sum: 12.5, bounds: [0.5, 1], counts: [1, 2, 3] };
    const histogram = family({ name: "h", type: "histogram" }, { labels: { k: "v" }, value }, { labels: {}, value });
    expect(text([histogram], CLASSIC_TEXT)).toBe(
      [
        "# TYPE h histogram",
        'h_bucket{k="v",le="0.5"} 1',
        'h_bucket{k="v",le="1"} 3',
        'h_bucket{k="v",le="+Inf"} 6',
        'h_sum{k="v"} 12.5',
        'h_count{k="v"} 6',
        'h_bucket{le="0.5"} 1',
        'h_bucket{le="1"} 3',
        'h_bucket{le="+Inf"} 6',
        "h_sum 12.5",
        "h_count 6",
        "",
      ].join("\n"),
    );
  });

  test("calls info a gauge and what has no type untyped, and leaves out families without samples", () => {
    const families = [
      family({ name: "target_info", type: "info" }, { labels: { a: "b" }, value: 1 }),
      family({ name: "u", type: "unknown" }, { labels: {}, value: NaN }),
      family({ name: "empty" }),
    ];
    expect(text(families, CLASSIC_TEXT)).toBe(
      '# TYPE target_info gauge\ntarget_info{a="b"} 1\n# TYPE u untyped\nu NaN\n',
    );
  });
});

describe("names that are not classic ones", () => {
  const dotted = () =>
    family(
      { name: "gost.io", help: "x" },
      { labels: { "client.id": "a", b: "c" }, value: 1 },
      { labels: {}, value: 2 },
    );

  test("stand in quotes for a scraper that takes UTF-8", () => {
    expect(text([dotted()], UTF8_TEXT)).toBe(
      '# HELP "gost.io" x\n# TYPE "gost.io" gauge\n{"gost.io","client.id"="a",b="c"} 1\n{"gost.io"} 2\n',
    );
  });

  test("are escaped for others, as they ask", () => {
    expect(text([dotted()], CLASSIC_TEXT)).toContain('gost_io{b="c",client_id="a"} 1\ngost_io 2\n');
    expect(text([dotted()], { ...UTF8_TEXT, escaping: "values" })).toContain(
      'U__gost_2e_io{U__client_2e_id="a",b="c"} 1\n',
    );
  });

  test("have their buckets in quotes too", () => {
    const value = { count: 1, bounds: [], counts: [1] };
    expect(text([family({ name: "h.x", type: "histogram" }, { labels: {}, value })], UTF8_TEXT)).toBe(
      '# TYPE "h.x" histogram\n{"h.x_bucket",le="+Inf"} 1\n{"h.x_count"} 1\n',
    );
  });
});

describe("OpenMetrics", () => {
  test("names the family without _total, tells the unit, keeps _created beside its sample, and ends", () => {
    expect(text([io()], OPEN_METRICS, { timestamps: true, created: true })).toBe(
      [
        '# HELP gost_client_io_bytes Bytes \\"of\\" a\\\\b\\nclient',
        "# TYPE gost_client_io_bytes counter",
        "# UNIT gost_client_io_bytes bytes",
        'gost_client_io_bytes_total{gost_client_id="alice"} 235 1700000000.25',
        'gost_client_io_bytes_created{gost_client_id="alice"} 1600000000 1700000000.25',
        'gost_client_io_bytes_total{gost_client_id="b\\"o\\\\b\\n😀"} 9007199254740991',
        "# EOF",
        "",
      ].join("\n"),
    );
  });

  test("shows a counter without _total without a type, for it would not be valid otherwise", () => {
    const counter = family({ name: "c", type: "counter" }, { labels: {}, value: 1, createdMs: 5000 });
    expect(text([counter], OPEN_METRICS, { created: true })).toBe("# TYPE c unknown\nc 1\n# EOF\n");
  });

  test("shows the last exemplar of a counter and of each bucket", () => {
    const exemplar = (value: number, traceId: string) => ({ time: 1000, value, traceId, spanId: "b7", attributes: {} });
    const exemplars = [exemplar(0.7, "0a"), exemplar(0.8, "0b"), exemplar(9, "0c")];
    const value = { count: 3, bounds: [0.5, 1], counts: [0, 2, 1] };
    const families = [
      family({ name: "c_total", type: "counter" }, { labels: {}, value: 3, exemplars }),
      family({ name: "h", type: "histogram" }, { labels: {}, value, exemplars }),
    ];
    expect(text(families, OPEN_METRICS)).toBe(
      [
        "# TYPE c counter",
        'c_total 3 # {span_id="b7",trace_id="0c"} 9 1',
        "# TYPE h histogram",
        'h_bucket{le="0.5"} 0',
        'h_bucket{le="1.0"} 2 # {span_id="b7",trace_id="0b"} 0.8 1',
        'h_bucket{le="+Inf"} 3 # {span_id="b7",trace_id="0c"} 9 1',
        "h_count 3",
        "# EOF",
        "",
      ].join("\n"),
    );
    expect(text(families, CLASSIC_TEXT)).not.toContain("trace_id");
  });
});

test("whatever names, labels, help and numbers there are, a reader gets them back", () => {
  const anyText = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom('"', "\\", "\n", "n", ",", "}", "é") }),
  );
  const labels = fc.dictionary(
    fc.oneof(
      fc.constantFrom("a", "b_c"),
      anyText.filter((name) => name !== ""),
    ),
    anyText,
  );
  const value = fc.oneof(fc.double(), fc.maxSafeNat());
  const readable = (original: string) => original.toWellFormed();
  fc.assert(
    fc.property(
      anyText.filter((name) => name !== ""),
      anyText,
      labels,
      value,
      fc.constantFrom(UTF8_TEXT, OPEN_METRICS),
      (name, help, given, number, format) => {
        const made = family({ name, help }, { labels: given, value: number });
        const read = readExposition(text([made], format));
        const expected = Object.fromEntries(
          Object.entries(given).map((pair) => pair.map(readable) as [string, string]),
        );
        fc.pre(Object.keys(expected).length === Object.keys(given).length);
        expect(read.samples).toEqual([{ name: readable(name), labels: expected, value: number + 0 }]);
        expect(read.help.get(readable(name)) ?? "").toBe(readable(help));
        expect(read.ended).toBe(format.type === "openmetrics");
      },
    ),
  );
});

test("prom-client, asked to show the same, says the same", async () => {
  const clients = fc.uniqueArray(
    fc.string({ unit: "binary" }).filter((client) => client !== ""),
    { minLength: 1, maxLength: 5 },
  );
  const observed = fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(
      clients,
      fc.maxSafeNat(),
      observed,
      fc.string({ minLength: 1 }),
      async (names, count, seen, help) => {
        const registers = [new Registry()];
        const counter = new Counter({ name: "c_total", help, labelNames: ["client"], registers });
        const bounds = [0.5, 1, 5];
        const histogram = new PromHistogram({ name: "h", help, buckets: bounds, registers });
        for (const client of names) counter.inc({ client }, count);
        for (const value of seen) histogram.observe(value);
        const counts = [0, 0, 0, 0];
        for (const value of seen) counts[bounds.findLastIndex((bound) => value > bound) + 1]!++;
        const sum = seen.reduce((total, value) => total + value, 0);
        const ours = [
          family(
            { name: "c_total", type: "counter", help },
            ...names.map((client) => ({ labels: { client }, value: count })),
          ),
          family(
            { name: "h", type: "histogram", help },
            { labels: {}, value: { count: seen.length, sum, bounds, counts } },
          ),
        ];
        const theirs = (await registers[0]!.metrics()).replaceAll(/^\n/gm, "");
        expect(readExposition(text(ours, CLASSIC_TEXT))).toEqual(readExposition(theirs));
      },
    ),
  );
});

test("a text fits into the room that is made for it, and leaves little of it", () => {
  const value = { count: 6, sum: 12.5, bounds: [0.5, 1, 2.5, 5], counts: [1, 2, 3, 0, 0] };
  const samples = Array.from({ length: 1000 }, (_, client) => ({
    labels: { gost_client_id: `client-${client}`, gost_service_name: "service-0", instance: "edge-1", job: "gost" },
    timeMs: 1_700_000_000_000 + client,
    createdMs: 1_600_000_000_000,
  }));
  const families = [
    family({ name: "gost_io_bytes_total", type: "counter" }, ...samples.map((of) => ({ ...of, value: 1_000_003 }))),
    family({ name: "gost_duration", type: "histogram" }, ...samples.map((of) => ({ ...of, value }))),
    family({ name: "gost_up", help: "Up" }, ...samples.map((of) => ({ ...of, value: 1 }))),
  ];
  for (const format of [CLASSIC_TEXT, OPEN_METRICS]) {
    for (const timestamps of [true, false]) {
      const options = { format, timestamps, created: true };
      const { length } = writeFamilies(families, options);
      const room = estimatedBytes(families, options);
      expect(room).toBeGreaterThanOrEqual(length);
      expect(room).toBeLessThan(length * 1.2);
      const memory = Buffer.alloc(room);
      expect(writeFamilies(families, options, memory).buffer).toBe(memory.buffer);
    }
  }
});

test("label values of any client read back in the classic text as well", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (client) => {
      const read = readExposition(text([family({}, { labels: { client }, value: 1 })], CLASSIC_TEXT));
      expect(read.samples[0]?.labels).toEqual({ client: client.toWellFormed() });
    }),
  );
});
