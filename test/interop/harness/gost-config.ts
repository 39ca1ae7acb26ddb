import { stringify } from "yaml";
import type { Credentials } from "./clients.ts";

/** What is to be in a `gost.yml`; everything that can report does, at both levels. */
export interface GostOptions {
  readonly observer: ObserverOptions;
  /** Of other names, which instances from before a reload still look up when they report. */
  readonly formerObservers?: readonly ObserverOptions[];
  readonly services: readonly ServiceOptions[];
  /** GOST reports deltas of bytes instead of its counters. */
  readonly resetTraffic: boolean;
  readonly apiPort?: number;
}

export interface ObserverOptions {
  readonly name?: string;
  readonly protocol: "http" | "grpc";
  /** As a user writes `plugin.addr`: a URL for http, `host:port` for grpc. */
  readonly addr: string;
  readonly token?: string;
  /**
   * Verifies the receiver's certificate against this CA; for grpc it also turns TLS on. GOST reads it from the environment:
   * a plugin's own `caFile` it ignores.
   */
  readonly caFile?: string;
  /** How long GOST waits for an answer; without end where absent, as in GOST itself. */
  readonly timeoutMs?: number;
}

export interface ServiceOptions {
  readonly name: string;
  readonly type: "http" | "socks5" | "relay" | "auto" | "forward";
  readonly port: number;
  /** Where a forward leads. */
  readonly target?: number;
}

/** GOST's shortest period. */
export const PERIOD_MS = 1000;

export const ALICE: Credentials = { user: "alice", password: "pw-alice" };
export const BOB: Credentials = { user: "bob", password: "pw-bob" };

const OBSERVER = "gostcol";

export function gostConfig(options: GostOptions): string {
  const { observer, formerObservers = [], services, resetTraffic } = options;
  return stringify({
    services: services.map((service) => serviceConfig(service, observer, resetTraffic)),
    authers: [{ name: "users", auths: [ALICE, BOB].map(({ user, password }) => ({ username: user, password })) }],
    observers: [...formerObservers, observer].map(observerConfig),
    ...(options.apiPort && { api: { addr: `127.0.0.1:${options.apiPort}` } }),
  });
}

function observerConfig({ name = OBSERVER, protocol, addr, token, caFile, timeoutMs }: ObserverOptions): object {
  const tls = caFile && { secure: true, serverName: "localhost" };
  return {
    name,
    plugin: {
      type: protocol,
      addr,
      ...(token && { token }),
      ...(tls && { tls }),
      ...(timeoutMs && { timeout: `${timeoutMs}ms` }),
    },
  };
}

function serviceConfig(
  { name, type, port, target }: ServiceOptions,
  { name: observer = OBSERVER }: ObserverOptions,
  resetTraffic: boolean,
): object {
  const reporting = { "observer.period": `${PERIOD_MS}ms`, "observer.resetTraffic": resetTraffic };
  return {
    name,
    addr: `127.0.0.1:${port}`,
    observer,
    listener: { type: "tcp" },
    metadata: { enableStats: true, ...reporting },
    ...(type === "forward"
      ? { handler: { type: "tcp" }, forwarder: { nodes: [{ name: "origin", addr: `127.0.0.1:${target}` }] } }
      : { handler: { type, auther: "users", observer, metadata: reporting } }),
  };
}
