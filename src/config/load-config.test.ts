// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the references that configurations are written with.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadFake, SOUND } from "./fake-registry.ts";

/** `SOUND` with the receiver's options, or with other parts in their place. */
const withSource = (options: string) =>
  SOUND.replace("  source:\n", () => `  source:\n    ${options.replaceAll("\n", "\n    ")}\n`);
const withSink = (options: string) => SOUND.replace("  sink:\n", `  sink: ${options}\n`);
const withPipelines = (text: string, before = "") =>
  `receivers: { source: }\nexporters: { sink: , sender: { host: far } }\n${before}service:\n  pipelines:\n    ${text.replaceAll("\n", "\n    ")}\n`;

async function problemsOf(text: string, surroundings?: Parameters<typeof loadFake>[1]): Promise<string[]> {
  const { problems } = await loadFake(text, surroundings);
  return problems.map(({ severity, code, place }) => `${place.line}:${place.column} ${severity} ${code}`);
}

test("a configuration in which everything is right has no problems", async () => {
  const { config, problems } = await loadFake(SOUND);
  expect(problems).toEqual([]);
  expect([...(config?.service.pipelines.values() ?? [])]).toEqual([
    { id: "metrics", signal: "metrics", receivers: ["source"], processors: [], exporters: ["sink"] },
  ]);
  expect(config?.receivers.get("source")?.config).toMatchObject({
    port: 8000,
    timeout: 30_000,
    limits: { series: 100 },
  });
  expect(config?.service.telemetry.metrics.readers).toEqual([
    { pull: { exporter: { prometheus: expect.objectContaining({ host: "127.0.0.1", port: 8888 }) } } },
  ]);
});

describe("a mistake is found at its place", () => {
  test.each<[string, string, string]>([
    ["text that is not YAML", "receivers: [source\nexporters:\n", "2:1 error syntax_error"],
    ["a second document", `${SOUND}---\na: 1\n`, "10:1 error syntax_error"],
    ["a reserved character", withSource("host: @all"), "3:11 error syntax_error"],
    ["a key twice", withSource("port: 1\nport: 2"), "4:5 error duplicate_key"],
    ["a key that is a list", withSource("? [a]\n: 1"), "3:7 error bad_key"],
    ["an alias of nothing", withSource("port: *there"), "3:11 error unknown_alias"],
    ["an alias of itself", withSource("labels: &l { a: *l }"), "3:21 error circular_alias"],
    ["a tag that is not known", withSource("port: !port 1"), "3:11 error unknown_tag"],
    ["a section that is not known", `reciever:\n  source:\n${SOUND}`, "1:1 error unknown_option"],
    ["a section that is a list", SOUND.replace("exporters:\n  sink:", "exporters: [sink]"), "3:12 error wrong_type"],
    ["an option that is not known", withSource("prot: 1"), "3:5 error unknown_option"],
    ["an option deep down that is not known", withSource("limits:\n  serie: 1"), "4:7 error unknown_option"],
    ["a number where a text belongs", withSource("host: 5"), "3:11 error wrong_type"],
    ["a text where a number belongs", withSource('port: "80"'), "3:11 error wrong_type"],
    ["a list where a section belongs", withSource("limits: [1]"), "3:13 error wrong_type"],
    ["no shape of several", withSource("size: [1]"), "3:11 error wrong_type"],
    ["a value that is not in the list", withSource("mode: detla"), "3:11 error invalid_value"],
    ["a text that does not parse", withSource("timeout: 30 s"), "3:14 error bad_duration"],
    ["a number that is too large", withSource("limits: { series: 1001 }"), "3:23 error out_of_range"],
    ["a type that is not known", SOUND.replace("  source:", "  sauce:\n  source:"), "2:3 error unknown_component"],
    ["a type of another kind", SOUND.replace("  source:", "  sink:\n  source:"), "2:3 error unknown_component"],
    ["an id that cannot be one", SOUND.replace("  source:", "  source/a b:\n  source:"), "2:3 error bad_id"],
    ["an id with nothing behind the slash", SOUND.replace("  source:", "  source/:\n  source:"), "2:3 error bad_id"],
    ["a reference to nothing", SOUND.replace("[source]", "[source, sauce]"), "8:27 error undefined_reference"],
    ["a reference to another kind", SOUND.replace("[source]", "[source, sink]"), "8:27 error undefined_reference"],
    [
      "an extension that is not defined",
      SOUND.replace("service:", "service:\n  extensions: [health]"),
      "6:16 error undefined_reference",
    ],
    [
      "a component that nothing uses",
      SOUND.replace("  source:", "  source:\n  source/2: { port: 0 }"),
      "3:3 warning unused_component",
    ],
    ["a reference twice", SOUND.replace("[source]", "[source, source]"), "8:27 error duplicate_reference"],
    ["a pipeline without exporters", SOUND.replace("[sink]", "[]"), "9:7 error empty_pipeline"],
    ["no pipelines", `receivers: { source: }\nservice:\n  telemetry:\n`, "2:1 error no_pipelines"],
    ["a pipeline of no signal", SOUND.replace("metrics:", "metric:"), "7:5 error bad_pipeline_id"],
    [
      "a missing option",
      SOUND.replace("  sink:", "  sink:\n  sender:").replace("[sink]", "[sink, sender]"),
      "5:3 error missing_option",
    ],
    ["a missing option in a list", withSource("auth:\n  tokens:\n    - node: a"), "5:11 error missing_option"],
    [
      "two options that exclude each other",
      withSource("tls:\n  cert_file: a\n  cert_pem: b"),
      "5:17 error exclusive_options",
    ],
    [
      "a signal that the component does not take",
      withPipelines("logs: { receivers: [source], exporters: [sender] }"),
      "5:25 error unsupported_signal",
    ],
    [
      "a connector that nothing feeds",
      withPipelines("metrics: { receivers: [link], exporters: [sender] }", "connectors: { link: }\n"),
      "6:28 error connector_one_sided",
    ],
    [
      "a connector that feeds nothing",
      withPipelines("metrics: { receivers: [source], exporters: [link] }", "connectors: { link: }\n"),
      "6:49 error connector_one_sided",
    ],
    [
      "a connector in a pipeline of a signal that it does not make",
      withPipelines(
        "metrics: { receivers: [source], exporters: [link] }\nlogs: { receivers: [link], exporters: [sender] }",
        "connectors: { link: }\n",
      ),
      "7:25 error unsupported_signal",
    ],
    [
      "pipelines that feed themselves",
      withPipelines("metrics: { receivers: [source, link], exporters: [link] }", "connectors: { link: }\n"),
      "6:55 error cycle",
    ],
    [
      "one id for two things",
      withPipelines("metrics: { receivers: [source], exporters: [sender] }", "connectors: { sender: }\n"),
      "3:15 error ambiguous_id",
    ],
    [
      "processors in the wrong order",
      SOUND.replace("service:", "processors: { first: , second: }\nservice:").replace(
        "[source]",
        "[source]\n      processors: [second, first]",
      ),
      "10:28 warning processor_order",
    ],
    ["a variable that is not set", withSource("host: ${env:HOST}"), "3:11 error unset_variable"],
    ["a variable that is not set, in a text", withSource('host: "a.${HOST}.b"'), "3:14 error unset_variable"],
    ["a reference that does not end", withSource("host: ${env:HOST"), "3:11 error bad_substitution"],
    ["a reference to somewhere else", withSource("host: ${vault:x}"), "3:11 error bad_substitution"],
    ["a variable that cannot have that name", withSource("host: ${env:1-x}"), "3:11 error bad_substitution"],
    ["a file that is not there", withSource("host: ${file:/there}"), "3:11 error unreadable_source"],
    ["two owners of one port", withSink("{ port: 8000 }"), "4:17 error address_conflict"],
    ["a port of the agent's own metrics", withSource("port: 8888"), "3:11 error address_conflict"],
    ["an address that includes another", withSink("{ host: 0.0.0.0, port: 8000 }"), "4:32 error address_conflict"],
    [
      "two owners of one file",
      SOUND.replace("  sink:", "  sink: { file: /a }\n  sink/2: { file: /a, port: 0 }").replace(
        "[sink]",
        "[sink, sink/2]",
      ),
      "5:19 error file_conflict",
    ],
    ["an old name of a component", SOUND.replaceAll("source", "old_source"), "2:3 warning deprecated_component"],
    ["an old name of an option", withSource("pace: 1"), "3:5 warning deprecated_option"],
    ["a secret in plain text", withSource("auth: { tokens: [{ token: abc }] }"), "3:31 warning plain_secret"],
    ["an address that others reach", withSource("host: 0.0.0.0\nport: 8001"), "4:11 warning exposed_endpoint"],
    [
      "an exporter that feeds its own receiver",
      SOUND.replace("  sink:", "  sender:\n    host: localhost\n    port: 8000").replace("[sink]", "[sender]"),
      "5:11 error own_receiver_loop",
    ],
  ])("%s", async (_, text, expected) => {
    const severity = expected.split(" ")[1]!;
    const problems = await problemsOf(text);
    expect(problems.filter((problem) => problem.includes(severity))).toEqual([expected]);
  });
});

test("an empty configuration says that it is empty", async () => {
  expect(await problemsOf("")).toEqual(["1:1 error empty_configuration"]);
  expect(await problemsOf("# nothing\n")).toEqual(["1:1 error empty_configuration"]);
  expect(await problemsOf("just a text")).toEqual(["1:1 error wrong_type"]);
});

test("ten mistakes in one file are ten errors, in the order of their lines", async () => {
  const problems = await problemsOf(`receivers:
  sorce:
  source:
    prot: 1
    host: 5
    timeout: 30 s
    limits: { series: 0 }
    mode: \${env:MODE}
exporters:
  sink: {}
  sink: {}
service:
  pipelines:
    metrics:
      receivers: [source, source]
      processors: [frist]
      exporters: []
    metric: {}
`);
  expect(problems).toEqual([
    "2:3 error unknown_component",
    "4:5 error unknown_option",
    "5:11 error wrong_type",
    "6:14 error bad_duration",
    "7:23 error out_of_range",
    "8:11 error unset_variable",
    "11:3 error duplicate_key",
    "15:27 error duplicate_reference",
    "16:20 error undefined_reference",
    "17:7 error empty_pipeline",
    "18:5 error bad_pipeline_id",
  ]);
});

describe("one mistake is one error", () => {
  test.each<[string, string, string]>([
    [
      "a misspelt option that is needed",
      SOUND.replace("  sink:", "  sender: { hots: a }").replace("[sink]", "[sender]"),
      "4:13 error unknown_option",
    ],
    ["a misspelt reference", SOUND.replace("[sink]", "[snik]"), "9:19 error undefined_reference"],
    ["a misspelt pipeline", SOUND.replace("metrics:", "metric:"), "7:5 error bad_pipeline_id"],
    ["a value that cannot be had", withSource("host: ${env:NO}\nport: 1"), "3:11 error unset_variable"],
    ["a section that cannot be had", SOUND.replace("  source:", "  source: ${env:NO}"), "2:11 error unset_variable"],
    [
      "all of a kind that cannot be had",
      SOUND.replace("receivers:\n  source:", "receivers: ${env:NO}"),
      "1:12 error unset_variable",
    ],
    ["a broken component that nothing uses", `${SOUND}processors: { second: { keep: 1 } }`, "10:31 error wrong_type"],
    [
      "aliases that multiply",
      `${SOUND}x: &a [${"1,".repeat(400)}]\ny: &b [${"*a,".repeat(400)}]\n`,
      "10:7 error too_large",
    ],
    ["values in values", `${SOUND}x: ${"[".repeat(200)}${"]".repeat(200)}`, "10:103 error too_large"],
    ["values in values in blocks", `${SOUND}${nestedMaps(200)}`, "110:101 error too_large"],
  ])("%s", async (_, text, expected) => {
    const problems = await problemsOf(text);
    expect(problems.filter((problem) => !/^\d+:1 error unknown_option/.test(problem))).toEqual([expected]);
  });
});

test.each([
  ["{ spike_limit_percentage: 95 }", "spike_limit_percentage", 95],
  ["{ spike_limit_mib: 5 }", "spike_limit_mib", 5],
  ["{ limit_mib: 100, spike_limit_mib: 100 }", "spike_limit_mib", 100],
])("limits of memory that leave nothing are said where they are written: %s", async (memory, option, value) => {
  const { problems } = await loadFake(`${SOUND}  limits: { memory: ${memory} }\n`);
  expect(problems).toMatchObject([
    { code: "out_of_range", message: expect.stringContaining(option) as string, place: { line: 10 } },
  ]);
  const { text, column } = problems[0]!.place.excerpt;
  expect(text.slice(column - 1)).toMatch(new RegExp(`^${value}`));
});

test.each([3_000, 100_000])(
  "values that are nested %d deep are too many for the parser, which is said in words",
  async (depth) => {
    const { problems } = await loadFake(`${SOUND}x: ${"{ a: ".repeat(depth)}`);
    expect(problems.map(({ code, message }) => [code, message])).toContainEqual([
      "too_large",
      "values are nested more than 100 deep",
    ]);
  },
);

test("a component whose section is broken is not said to be undefined where it is referred to", async () => {
  expect(await problemsOf(withSource("port: x"))).toEqual(["3:11 error wrong_type"]);
});

test("a null section has the defaults, and so has a null option", async () => {
  const { config } = await loadFake(withSource("limits:\nport:\n"));
  expect(config?.receivers.get("source")?.config).toMatchObject({ port: 8000, limits: { series: 100 } });
});

test("messages name what was found, what is expected and what was probably meant", async () => {
  const { problems } = await loadFake(withSource("mode: detla\nlimits: { serie: 5 }\nport: 99999"));
  expect(problems.map(({ message, expected, suggestion }) => [message, expected, suggestion])).toEqual([
    ['receivers.source.mode is the text "detla"', "one of auto, cumulative, delta", "delta"],
    ['receivers.source.limits has no option "serie"', undefined, "series"],
    ["receivers.source.port is the number 99999", "at most 65535", undefined],
  ]);
});

test("a cycle is told with its whole path", async () => {
  const { problems } = await loadFake(
    withPipelines(
      "metrics/a: { receivers: [source, link/2], exporters: [link/1] }\nmetrics/b: { receivers: [link/1], exporters: [link/2] }",
      "connectors: { link/1: , link/2: }\n",
    ),
  );
  expect(problems.map(({ message }) => message)).toContain(
    "pipelines feed themselves: metrics/a -> link/1 -> metrics/b -> link/2 -> metrics/a",
  );
});

test("components are compared by what their configuration does, not by how it is written", async () => {
  const fingerprint = async (options: string, environment = {}) =>
    (await loadFake(withSource(options), { environment })).config?.receivers.get("source")?.fingerprint();
  const plain = await fingerprint("port: 9\nmode: auto");
  expect(plain).toMatch(/^[0-9a-f]{64}$/);
  expect(await fingerprint("timeout: 30s\nport: 9")).toBe(plain);
  expect(await fingerprint("timeout: 0.5m\nport: ${env:P}", { P: "9" })).toBe(plain);
  expect(await fingerprint("port: 10")).not.toBe(plain);
  const withToken = (token: string) => fingerprint("auth: { tokens: [{ token: 'x${env:T}' }] }", { T: token });
  expect(await withToken("a")).not.toBe(await withToken("b"));
  expect(await withToken("a")).toBe(await withToken("a"));
});

test("`service.telemetry` has the Collector's names", async () => {
  const { config } = await loadFake(`${SOUND}  telemetry:
    logs: { level: debug, encoding: json }
    metrics:
      level: detailed
      readers: [{ pull: { exporter: { prometheus: { host: "::1", port: 9000, without_units: true } } } }]
    resource: { deployment.environment: test }
`);
  expect(config?.service.telemetry).toMatchObject({
    logs: { level: "debug", encoding: "json" },
    metrics: { level: "detailed" },
    resource: { "deployment.environment": "test" },
  });
});

test("whatever is typed into a configuration, every problem has a place in its text", async () => {
  const full = withSource(
    'auth: { tokens: [{ token: "${env:T}", node: a }] }\nlimits: &l { series: 5 }\nlabels: { a: 1 }',
  );
  const slip = fc.record({
    at: fc.nat(full.length),
    cut: fc.nat(6),
    typed: fc.string({ unit: fc.constantFrom(..."${}[]:-*&!|>'\"#, \n\t<~ax1".split("")), maxLength: 6 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(slip, { minLength: 1, maxLength: 3 }), async (slips) => {
      const text = slips.reduce(
        (typed, { at, cut, typed: more }) => typed.slice(0, at) + more + typed.slice(at + cut),
        full,
      );
      const { config, problems } = await loadFake(text, { environment: { T: "t" } });
      expect(config !== undefined).toBe(!problems.some(({ severity }) => severity === "error"));
      const lines = text.split("\n");
      for (const { place } of problems.filter((problem) => problem.place.source === "test.yaml")) {
        expect(place.line).toBeLessThanOrEqual(lines.length);
        expect(place.column).toBeLessThanOrEqual(lines[place.line - 1]!.length + 1);
        expect(place.excerpt.column).toBeGreaterThan(0);
      }
    }),
    { numRuns: 500 },
  );
});

const nestedMaps = (depth: number) => Array.from({ length: depth }, (_, level) => `${" ".repeat(level)}x:`).join("\n");
