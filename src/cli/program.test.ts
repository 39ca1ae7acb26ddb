// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the references that configurations are written with.
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { defineExporter, defineReceiver } from "../component/define.ts";
import type { Registry } from "../component/registry.ts";
import { noTransport } from "../kit/client/transport.ts";
import { seededRandom } from "../lib/random.ts";
import { virtualClock } from "../lib/virtual-clock.ts";
import type { CliContext } from "./context.ts";
import { runProgram } from "./program.ts";

const create = () => {
  throw new Error("nothing is started here");
};

const registry: Registry = {
  receivers: [
    defineReceiver({
      type: "tap",
      summary: "Takes things in.",
      config: z.strictObject({
        port: z.int().min(1).default(80).describe("Where."),
        users: z.array(z.strictObject({ token: z.string().meta({ secret: true }).describe("Who.") })).default([]),
      }),
      signals: { metrics: "stable", logs: "beta" },
      create,
    }) as Registry["receivers"][number],
  ],
  processors: [],
  exporters: [
    defineExporter({
      type: "drain",
      summary: "Gives things out.",
      config: z.strictObject({}),
      signals: { metrics: "alpha" },
      create,
    }),
  ],
  connectors: [],
  extensions: [],
};

const SOUND =
  "receivers: { tap: }\nexporters: { drain: }\nservice: { pipelines: { metrics: { receivers: [tap], exporters: [drain] } } }\n";

async function run(line: string, files: Readonly<Record<string, string>> = {}, environment = {}) {
  let output = "";
  let errors = "";
  const context: CliContext = {
    registry,
    environment,
    workingDirectory: "/",
    readFile: async (path) => {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
      return text;
    },
    temporaryFolder: () => Promise.reject(new Error("no folders here")),
    hostName: "here",
    version: "1.2.3",
    print: (text) => {
      output += text;
    },
    printError: (text) => {
      errors += text;
    },
    unreadBytes: { print: () => 0, printError: () => 0 },
    errorIsTerminal: false,
    outputIsTerminal: false,
    clock: virtualClock(),
    random: seededRandom(1),
    transport: noTransport,
    listen: () => Promise.reject(new Error("no network here")),
    listenControl: () => Promise.reject(new Error("no sockets here")),
    askAgent: () => Promise.reject(new Error("no agent here")),
    onSignal: () => () => {},
  };
  const exitCode = await runProgram(context, line === "" ? [] : line.split(" "));
  return { exitCode, output, errors };
}

describe("validate", () => {
  test("says what a valid configuration describes", async () => {
    expect(await run("validate -c a.yaml", { "a.yaml": SOUND })).toEqual({
      exitCode: 0,
      output: "a.yaml is valid.\n  metrics: tap -> drain\n",
      errors: "",
    });
  });

  test("shows every mistake with its line and ends with 2", async () => {
    const text = SOUND.replace("tap: }", "tap: { prot: 1, port: 0 } }");
    expect(await run("validate --config a.yaml", { "a.yaml": text })).toEqual({
      exitCode: 2,
      output: "",
      errors: `a.yaml:1:21: error: receivers.tap has no option "prot" [unknown_option]
  1 | receivers: { tap: { prot: 1, port: 0 } }
    |                     ^^^^ did you mean "port"?

a.yaml:1:36: error: receivers.tap.port is the number 0 [out_of_range]
  1 | receivers: { tap: { prot: 1, port: 0 } }
    |                                    ^ expected at least 1

2 errors. Each code is explained in docs/errors.md.
`,
    });
  });

  test("shows warnings and ends with 0", async () => {
    const { exitCode, errors } = await run("validate -c a.yaml", {
      "a.yaml": SOUND.replace("tap: }", "tap: , tap/2: }"),
    });
    expect(exitCode).toBe(0);
    expect(errors).toContain(
      "a.yaml:1:21: warning: the receiver tap/2 is defined, but no pipeline uses it [unused_component]",
    );
    expect(errors).toMatch(/\n1 warning\.\n$/);
  });

  test("lays several sources and --set over each other", async () => {
    const files = { "a.yaml": SOUND, "b.yaml": "receivers: { tap: { port: 5 } }" };
    const { exitCode, errors } = await run("validate -c a.yaml -c b.yaml --set receivers.tap.port=-1", files);
    expect(exitCode).toBe(2);
    expect(errors).toContain("--set:1:20: error: receivers.tap.port is the number -1 [out_of_range]");
  });

  test("without --config takes gostcol.yaml where there is one, and says so", async () => {
    const { exitCode, errors } = await run("validate", { "gostcol.yaml": SOUND });
    expect([exitCode, errors]).toEqual([0, "Using ./gostcol.yaml.\n"]);
  });

  test("without --config and gostcol.yaml takes the default, and says so", async () => {
    // The default names components that this registry does not have.
    const { exitCode, errors } = await run("validate");
    expect(exitCode).toBe(2);
    expect(errors).toMatch(/^No --config and no \.\/gostcol\.yaml: using the default configuration.*\n/);
    expect(errors).toContain("default configuration:");
  });
});

describe("print-config", () => {
  const files = { "a.yaml": SOUND.replace("tap: }", 'tap: { port: 5, users: [{ token: "${env:T}" }] } }') };

  test("shows what was merged, without secrets", async () => {
    const { exitCode, output } = await run("print-config -c a.yaml --set receivers.tap.port=7", files, { T: "s3cret" });
    expect(exitCode).toBe(0);
    expect(output).toContain('    port: 7\n    users:\n      - token: "[REDACTED]"\n');
    expect(output).not.toContain("s3cret");
  });

  test("as JSON it can be read by programs", async () => {
    const { output } = await run("print-config -c a.yaml --format json", files, { T: "s3cret" });
    expect(JSON.parse(output)).toMatchObject({ receivers: { tap: { port: 5 } }, exporters: { drain: null } });
  });

  test("what it prints is a configuration again", async () => {
    const { output } = await run("print-config -c a.yaml", files, { T: "s3cret" });
    expect((await run("validate -c b.yaml", { "b.yaml": output })).exitCode).toBe(0);
  });
});

describe("components", () => {
  test("is a table", async () => {
    expect((await run("components")).output).toBe(`KIND      TYPE   SIGNALS                        WHAT IT DOES
receiver  tap    metrics (stable), logs (beta)  Takes things in.
exporter  drain  metrics (alpha)                Gives things out.
`);
  });

  test("--json is for programs", async () => {
    expect(JSON.parse((await run("components --json")).output)[0]).toEqual({
      kind: "receiver",
      type: "tap",
      aliases: [],
      summary: "Takes things in.",
      signals: { metrics: "stable", logs: "beta" },
    });
  });
});

describe("explain", () => {
  test("a component is explained with all its options", async () => {
    expect((await run("explain tap")).output).toBe(`tap (receiver): Takes things in.
signals: metrics (stable), logs (beta)

  port: whole number, at least 1; default 80
      Where.
  users: list: section
  users[].token: text; required
      Who. A secret: never shown.
`);
  });

  test.each([
    ["receivers.tap.port", "receivers.tap.port: whole number, at least 1; default 80"],
    ["receivers.tap/2.port", "receivers.tap/2.port: whole number"],
    ["tap.users.token", "receivers.tap.users[].token: text; required"],
    ["receivers.tap.users[0].token", "receivers.tap.users[].token: text; required"],
    ["receivers", "tap  Takes things in."],
    ["service.telemetry.logs.level", "service.telemetry.logs.level: debug, info, warn, error; default info"],
    ["service.pipelines.metrics.receivers", "service.pipelines.metrics.receivers: list: text"],
  ])("%s is explained", async (target, expected) => {
    const { exitCode, output } = await run(`explain ${target}`);
    expect(output).toContain(expected);
    expect(exitCode).toBe(0);
  });

  test.each([
    ["tab", 'There is no component or section "tab". Did you mean "tap"?\n'],
    ["receivers.drain", 'There is no receiver "drain".\n'],
    ["receivers.tap.prot", 'There is no option "prot" in receivers.tap. Did you mean "port"?\n'],
    ["service.telemetry.log", 'There is no option "log" in service.telemetry. Did you mean "logs"?\n'],
  ])("%s is not there", async (target, errors) => {
    expect(await run(`explain ${target}`)).toEqual({ exitCode: 2, output: "", errors });
  });
});

test("schema prints a JSON Schema that lets references stand for everything", async () => {
  const schema = JSON.parse((await run("schema")).output);
  expect(schema.properties.receivers.patternProperties["^tap(/.+)?$"].properties.port).toEqual({
    description: "Where.",
    default: 80,
    type: ["integer", "string", "null"],
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
    pattern: "\\$\\{",
  });
  expect(schema.properties.exporters.additionalProperties).toBe(false);
  expect(Object.keys(schema.properties.service.properties.pipelines.patternProperties)).toEqual([
    "^(metrics|traces|logs)(/.+)?$",
  ]);
});

describe("the command line", () => {
  test.each(["version", "--version"])("%s tells the version", async (line) => {
    expect(await run(line)).toEqual({ exitCode: 0, output: "gostcol 1.2.3\n", errors: "" });
  });

  test("--help lists the commands and the exit codes", async () => {
    const { exitCode, output } = await run("--help");
    expect(exitCode).toBe(0);
    for (const word of [
      "run",
      "demo",
      "validate",
      "components",
      "schema",
      "explain",
      "print-config",
      "Exit codes: 0",
      "Examples:",
    ]) {
      expect(output).toContain(word);
    }
  });

  test.each([
    ["valdate", 'There is no command "valdate". Did you mean "validate"?'],
    ["validate --confg x", "unknown option '--confg'"],
    ["validate a.yaml", "too many arguments"],
    ["explain", "missing required argument"],
    ["demo --seconds soon", "A whole number above 0 is needed."],
  ])("%s is a mistake", async (line, expected) => {
    const { exitCode, output, errors } = await run(line);
    expect(errors).toContain(expected);
    expect([exitCode, output]).toEqual([2, ""]);
  });

  test("run is the command where none is named", async () => {
    const { exitCode, errors } = await run("--config no.yaml");
    expect(exitCode).toBe(2);
    expect(errors).toContain(
      "--config:1:1: error: the file no.yaml cannot be read: there is no such file [unreadable_source]",
    );
  });
});
