import * as z from "zod";
import { Secret } from "../component/secret.ts";
import type { MessageSocketOptions } from "../component/transport.ts";
import { formatByteSize, parseByteSize } from "../lib/byte-size.ts";
import { formatDuration, parseDuration } from "../lib/duration.ts";

export { isLoopback } from "../lib/host.ts";

/**
 * The kinds of configuration fields that components are made of: what the user writes on the left, what code gets on the
 * right. A value that does not parse is one issue with a `code` of docs/errors.md and what was expected.
 */

/** `1h30m`, `200ms`, `0`: milliseconds. */
export function duration(defaultMs?: undefined, limits?: DurationLimits): ReturnType<typeof durationSchema>;
export function duration(defaultMs: number, limits?: DurationLimits): z.ZodPrefault<ReturnType<typeof durationSchema>>;
export function duration(defaultMs?: number, limits: DurationLimits = {}) {
  const schema = durationSchema(limits);
  return defaultMs === undefined ? schema : schema.prefault(formatDuration(defaultMs));
}

interface DurationLimits {
  readonly minMs?: number;
  readonly maxMs?: number;
}

function durationSchema({ minMs = 0, maxMs = Number.MAX_SAFE_INTEGER }: DurationLimits) {
  return z
    .string()
    .transform((text, context) => {
      const ms = parseDuration(text);
      if (ms === undefined)
        return refuse(context, "bad_duration", "not a duration", "a duration such as 30s, 200ms or 1h30m");
      if (ms < minMs || ms > maxMs) {
        const most = maxMs === Number.MAX_SAFE_INTEGER ? "" : ` and at most ${formatDuration(maxMs)}`;
        return refuse(context, "out_of_range", "out of range", `at least ${formatDuration(minMs)}${most}`);
      }
      return ms;
    })
    .meta({ format: "duration", examples: ["30s", "200ms", "1h30m"] });
}

/** `10MiB`, `1GB`, or a number of bytes: bytes. */
export function byteSize(defaultBytes?: undefined, limits?: SizeLimits): ReturnType<typeof byteSizeSchema>;
export function byteSize(defaultBytes: number, limits?: SizeLimits): z.ZodPrefault<ReturnType<typeof byteSizeSchema>>;
export function byteSize(defaultBytes?: number, limits: SizeLimits = {}) {
  const schema = byteSizeSchema(limits);
  return defaultBytes === undefined ? schema : schema.prefault(formatByteSize(defaultBytes));
}

interface SizeLimits {
  readonly min?: number;
  readonly max?: number;
}

function byteSizeSchema({ min = 0, max = Number.MAX_SAFE_INTEGER }: SizeLimits) {
  return z
    .union([z.string(), z.int()])
    .transform((value, context) => {
      const bytes = typeof value === "number" ? value : parseByteSize(value);
      if (bytes === undefined)
        return refuse(context, "bad_size", "not a size", "a size such as 10MiB, 512KiB or 1048576");
      if (bytes < min || bytes > max) {
        const most = max === Number.MAX_SAFE_INTEGER ? "" : ` and at most ${formatByteSize(max)}`;
        return refuse(context, "out_of_range", "out of range", `at least ${formatByteSize(min)}${most}`);
      }
      return bytes;
    })
    .meta({ format: "byte-size", examples: ["10MiB", "512KiB"] });
}

/** A text that no dump, log line or error message may show. */
export function secret() {
  return z
    .string()
    .transform((text) => new Secret(text))
    .meta({ format: "secret", secret: true });
}

/** The id of an extension: one that `service.extensions` names, or the configuration is wrong. */
export function extensionId() {
  return z.string().min(1).meta({ format: "extension-id" });
}

export interface Endpoint {
  /** Empty for all addresses of the machine, IPv6 ones included where it has any. */
  readonly host: string;
  readonly port: number;
}

/** `host:port`, `[::1]:8000`, or as in Go `:8000` for all addresses, IPv4 and IPv6. */
export function endpoint(defaultText?: string) {
  const schema = z
    .string()
    .transform((text, context) => {
      const parsed = parseEndpoint(text);
      return (
        parsed ??
        refuse(context, "bad_endpoint", "not an address to listen on", "host:port, for example 127.0.0.1:8000")
      );
    })
    .meta({ format: "host-port", examples: ["127.0.0.1:8000", "[::1]:8000"] });
  return defaultText === undefined ? schema : schema.prefault(defaultText);
}

export function parseEndpoint(text: string): Endpoint | undefined {
  const match = /^(?:\[([0-9a-fA-F:.%]+)\]|([^\s:/[\]]*)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const port = Number(match[3]);
  if (port > 65_535) return undefined;
  return { host: match[1] ?? match[2]!, port };
}

/** `http://...` or `https://...`. */
export function httpUrl() {
  return z
    .string()
    .transform((text, context) => {
      const url = URL.canParse(text) ? new URL(text) : undefined;
      if (url?.protocol === "http:" || url?.protocol === "https:") return url;
      return refuse(context, "bad_endpoint", "not an address to send to", "a URL such as http://127.0.0.1:4318");
    })
    .meta({ format: "uri", examples: ["http://127.0.0.1:4318", "https://collector.example:4318"] });
}

/** `host:port` to send to, with `http://`, `https://` or nothing in front. */
export function grpcTarget() {
  return z
    .string()
    .transform((text, context) => {
      const [, scheme, address] = /^(?:(https?):\/\/)?([^/]+)\/?$/.exec(text) ?? [];
      const parsed = address === undefined ? undefined : parseEndpoint(address);
      if (parsed === undefined || parsed.port === 0 || address!.startsWith(":")) {
        return refuse(context, "bad_endpoint", "not an address to send to", "host:port, for example 127.0.0.1:4317");
      }
      return { ...parsed, scheme: scheme as "http" | "https" | undefined };
    })
    .meta({ format: "grpc-target", examples: ["127.0.0.1:4317", "https://collector.example:4317"] });
}

/** `udp://host:port`, `tcp://host:port`, `unix:///path`; `host:port` alone is UDP, and without a host it is this machine. */
export function statsdEndpoint(defaultText: string) {
  return z
    .string()
    .transform((text, context): MessageSocketOptions => {
      const [, scheme = "udp", address = ""] = /^(?:(udp|tcp|unix):\/\/)?(.+)$/.exec(text) ?? [];
      if (scheme === "unix" && address.startsWith("/")) return { protocol: "unix", path: address };
      const parsed = scheme === "unix" ? undefined : parseEndpoint(address);
      if (parsed === undefined || parsed.port === 0) {
        const expected = "udp://host:port, tcp://host:port or unix:///path of a stream socket";
        return refuse(context, "bad_endpoint", "not an address to send to", expected);
      }
      const target = { host: parsed.host || "127.0.0.1", port: parsed.port };
      return scheme === "tcp" ? { protocol: "tcp", ...target } : { protocol: "udp", ...target };
    })
    .meta({ format: "statsd-endpoint", examples: ["udp://127.0.0.1:8125", "unix:///run/statsd.sock"] })
    .prefault(defaultText);
}

/** A folder's mode as `chmod` takes it: `0750`. Only modes that leave the owner everything: the agent itself has to get in. */
export function folderMode(defaultText: string) {
  return z
    .string()
    .transform((text, context) => {
      const mode = /^0?[0-7]{3}$/.test(text) ? Number.parseInt(text, 8) : 0;
      if ((mode & 0o700) === 0o700) return mode;
      return refuse(context, "bad_permissions", "not the mode of a folder", "three octal digits such as 0750 or 0700");
    })
    .prefault(defaultText)
    .meta({ examples: ["0750", "0700"] });
}

/** `host:port` again, IPv6 addresses in brackets. */
export function endpointText({ host, port }: Endpoint): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Attributes as users write them: texts, numbers and booleans by key. */
export function attributeMap() {
  return z.record(z.string().min(1), z.union([z.string(), z.number(), z.boolean()])).prefault({});
}

export interface Hint {
  readonly expected?: string | undefined;
  /** The known name that was most likely meant. */
  readonly nearest?: string | undefined;
  /** Leads to what is wrong within the value. */
  readonly path?: readonly (string | number)[];
}

/** Adds an issue to a transform and gives the value that zod wants back for it. The hint may be what was expected. */
export function refuse(context: z.RefinementCtx, code: string, message: string, hint: string | Hint): never {
  const { path = [], ...rest } = typeof hint === "string" ? { expected: hint } : hint;
  context.addIssue({ code: "custom", message, path: [...path], params: { code, ...rest } });
  return z.NEVER;
}
