import * as z from "zod";
import type { ConfigProblem } from "../../component/define.ts";
import { attributeMap, byteSize, duration, endpoint, refuse, secret } from "../../kit/fields.ts";
import { checkServerTls, serverTlsConfig } from "../../kit/tls/server-tls.ts";
import { isNodeName } from "./node-name.ts";

const TEMPORALITIES = ["auto", "cumulative", "delta"] as const;

/** How GOST's byte counts are told to behave; `auto` tells nothing, and leaves it to be judged. */
export type Temporality = (typeof TEMPORALITIES)[number];

export function isTemporality(text: string): text is Temporality {
  return (TEMPORALITIES as readonly string[]).includes(text);
}

const NODE_NAME_ORIGINS = ["token", "query", "path", "peer"] as const;

const nodeNameText = z
  .string()
  .transform((name, context) =>
    isNodeName(name) ? name : refuse(context, "bad_node_name", "not a node's name", "up to 255 printable characters"),
  );

const token = z.strictObject({
  token: secret().describe("What GOST's `plugin.token` says."),
  node: nodeNameText.optional().describe("The node that this token belongs to; a URL that names another is refused."),
  temporality: z.enum(TEMPORALITIES).optional().describe("As the receiver's own, for whoever has this token."),
});

export const config = z.strictObject({
  endpoint: endpoint("127.0.0.1:8000").describe("Where HTTP and gRPC observers report to: one port for both."),
  tls: serverTlsConfig().optional().describe("TLS for both protocols; without it, plain text."),
  auth: z
    .strictObject({
      tokens: z.array(token).default([]).describe("Tokens that are let in; without any, everybody is."),
    })
    .prefault({})
    .describe("Who may report. GOST sends its token as `Authorization: Bearer`, as gRPC metadata, or as `?token=`."),
  node: z
    .strictObject({
      from: z
        .array(z.enum(NODE_NAME_ORIGINS))
        .default([...NODE_NAME_ORIGINS])
        .describe(
          "Where a node's name is looked for, first come: its token, `?node=`, `/observer/NODE`, its address where that is not loopback. Else it has the default one.",
        ),
      default: nodeNameText
        .optional()
        .describe(
          "The name of a node that has none. Without it this machine's name, and always the one that it had when such a node was first counted.",
        ),
    })
    .prefault({})
    .describe("How a GOST process gets its name."),
  resource: attributeMap().describe("Attributes of every node's resource; `service.name` is `gost` unless given here."),
  temporality: z
    .enum(TEMPORALITIES)
    .default("auto")
    .describe(
      "Whether byte counts are `delta` (GOST's `observer.resetTraffic: true`) or `cumulative`; `?temporality=` in the observer's URL and a token's own come first.",
    ),
  max_request_body_size: byteSize(20 * 1024 ** 2, { min: 1024 }).describe("The largest report that is read."),
  max_connections: z.int().min(1).default(10_000).describe("Connections that may be open at a time."),
  read_header_timeout: duration(10_000, { minMs: 100 }).describe(
    "From a request's first byte to the end of its headers.",
  ),
  read_timeout: duration(60_000, { minMs: 100 }).describe(
    "From the end of a request's headers to the end of its body.",
  ),
  idle_timeout: duration(15 * 60_000, { minMs: 1000 }).describe(
    "How long a connection is kept without a request; far above the observers' period, for GOST reports on kept connections.",
  ),
  write_timeout: duration(30_000, { minMs: 100 }).describe(
    "How long answers over HTTP wait for whoever does not read them.",
  ),
  limits: z
    .strictObject({
      series: z.int().min(100).default(1_000_000).describe("Series of all nodes together."),
      series_per_node: z.int().min(100).default(100_000).describe("Series of one node; a client has seven."),
    })
    .prefault({})
    .describe("How many series may come to be."),
});

export type Config = z.output<typeof config>;

/** What fields cannot say alone. */
export function checkConfig({ tls, auth, resource }: Config): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = tls === undefined ? [] : [...checkServerTls(tls, ["tls"])];
  const texts = auth.tokens.map(({ token }) => token.reveal());
  texts.forEach((text, index) => {
    const path = ["auth", "tokens", index, "token"];
    const first = texts.indexOf(text);
    if (text === "") {
      const message = "an empty token lets nobody in";
      problems.push({
        severity: "error",
        path,
        code: "empty_token",
        message,
        expected: "what GOST's plugin.token says",
      });
    } else if (first < index) {
      const message = `this is also token number ${first + 1} of the list`;
      problems.push({ severity: "error", path, code: "duplicate_token", message, expected: "a token for each entry" });
    }
  });
  if ("service.instance.id" in resource) {
    problems.push({
      severity: "error",
      path: ["resource", "service.instance.id"],
      code: "reserved_attribute",
      message: "service.instance.id is each node's own name",
      expected: "a name that comes from the node's token or URL",
    });
  }
  return problems;
}
