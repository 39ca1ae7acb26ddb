import * as z from "zod";
import {
  defineConnector,
  defineExporter,
  defineExtension,
  defineProcessor,
  defineReceiver,
} from "../component/define.ts";
import type { Registry } from "../component/registry.ts";
import { Secret } from "../component/secret.ts";
import { NEVER } from "../lib/abort.ts";
import { parseDuration } from "../lib/duration.ts";
import type { LoadedConfig } from "./load-config.ts";
import { loadConfig } from "./load-config.ts";
import type { ConfigSource } from "./read-configuration.ts";

/** Components for tests, with one option of every sort; none of them can be created. */
const create = (): never => {
  throw new Error("only its configuration is tested");
};

const secret = () =>
  z
    .string()
    .transform((text) => new Secret(text))
    .meta({ secret: true });

const duration = (text: string) =>
  z
    .string()
    .transform((value, context) => {
      const ms = parseDuration(value);
      if (ms !== undefined) return ms;
      context.addIssue({
        code: "custom",
        message: "not a duration",
        params: { code: "bad_duration", expected: "30s or 1h30m" },
      });
      return z.NEVER;
    })
    .prefault(text);

const address = (host: string, port: number) => ({
  host: z.string().default(host).describe("Where it listens."),
  port: z.int().min(0).max(65_535).default(port).describe("The port."),
});

const listen = (config: { host: string; port: number; tls?: unknown }) => [
  {
    type: "listen" as const,
    host: config.host,
    port: config.port,
    protected: config.tls !== undefined,
    path: ["port"],
  },
];

const source = defineReceiver({
  type: "source",
  aliases: ["old_source"],
  summary: "Takes things in.",
  config: z.strictObject({
    ...address("127.0.0.1", 8000),
    timeout: duration("30s").describe("How long it waits."),
    mode: z.enum(["auto", "cumulative", "delta"]).default("auto").describe("How it counts."),
    limits: z
      .strictObject({ series: z.int().min(1).max(1000).default(100).describe("How many series there may be.") })
      .prefault({})
      .describe("How much it takes."),
    auth: z
      .strictObject({
        tokens: z
          .array(
            z.strictObject({
              token: secret().describe("The token."),
              node: z.string().optional().describe("The node that it stands for."),
            }),
          )
          .prefault([])
          .describe("Who may send."),
      })
      .prefault({})
      .describe("Who may come in."),
    labels: z
      .record(z.string().min(1), z.union([z.string(), z.number(), z.boolean()]))
      .prefault({})
      .describe("Labels."),
    size: z.union([z.string(), z.int()]).prefault("1MiB").describe("A size."),
    pace: z.int().optional().meta({ deprecated: true, replacement: "timeout" }).describe("Out of date."),
    tls: z
      .strictObject({ cert_file: z.string().optional(), cert_pem: z.string().optional() })
      .optional()
      .describe("TLS."),
  }),
  signals: { metrics: "stable" },
  check: ({ tls }) =>
    tls?.cert_file !== undefined && tls.cert_pem !== undefined
      ? [
          {
            severity: "error",
            path: ["tls", "cert_pem"],
            code: "exclusive_options",
            message: "cert_file is given as well",
          },
        ]
      : [],
  resources: listen,
  create,
});

const first = defineProcessor({
  type: "first",
  summary: "Has to come first.",
  config: z.strictObject({}),
  signals: { metrics: "stable" },
  holds: "nothing",
  order: [{ before: "second", because: "it would see what the other has already changed" }],
  create,
});

const second = defineProcessor({
  type: "second",
  summary: "Comes second.",
  config: z.strictObject({ keep: z.boolean().default(true) }),
  signals: { metrics: "stable", logs: "beta" },
  holds: "memory",
  create,
});

const sink = defineExporter({
  type: "sink",
  summary: "Gives things out.",
  config: z.strictObject({ ...address("127.0.0.1", 9464), file: z.string().optional() }),
  signals: { metrics: "stable" },
  resources: (config) => [
    ...listen(config),
    ...(config.file === undefined ? [] : [{ type: "file" as const, file: config.file, path: ["file"] }]),
  ],
  create,
});

const sender = defineExporter({
  type: "sender",
  summary: "Sends things on.",
  config: z.strictObject({
    host: z.string(),
    port: z.int().default(4317),
    headers: z.record(z.string(), secret()).prefault({}),
  }),
  signals: { metrics: "stable", logs: "stable", traces: "stable" },
  resources: ({ host, port }) => [{ type: "send", host, port, path: ["host"] }],
  create,
});

const link = defineConnector({
  type: "link",
  summary: "Joins pipelines.",
  config: z.strictObject({}),
  routes: [
    { from: "metrics", to: "metrics", stability: "stable" },
    { from: "logs", to: "metrics", stability: "beta" },
  ],
  create,
});

const both = defineConnector({ ...link, type: "sender" });

const health = defineExtension({
  type: "health",
  summary: "Says how it is.",
  config: z.strictObject({}),
  stability: "stable",
  create,
});

export const fakeRegistry: Registry = {
  receivers: [source as Registry["receivers"][number]],
  processors: [first, second],
  exporters: [sink as Registry["exporters"][number], sender as Registry["exporters"][number]],
  connectors: [link, both],
  extensions: [health],
};

export interface FakeSurroundings {
  readonly environment?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly sets?: readonly string[];
}

/** Loads texts (or addresses) over the fake registry. */
export function loadFake(
  configs: string | readonly ConfigSource[],
  { environment = {}, files = {}, sets = [] }: FakeSurroundings = {},
): Promise<LoadedConfig> {
  const options = {
    registry: fakeRegistry,
    configs: typeof configs === "string" ? [{ name: "test.yaml", text: configs }] : configs,
    sets,
    environment,
    readFile: async (path: string) => {
      const text = files[path];
      if (text !== undefined) return text;
      throw Object.assign(new Error(`no such file: ${path}`), { code: "ENOENT" });
    },
  };
  return loadConfig(options, NEVER);
}

/** A configuration in which everything is right, to be spoilt. */
export const SOUND = `receivers:
  source:
exporters:
  sink:
service:
  pipelines:
    metrics:
      receivers: [source]
      exporters: [sink]
`;
