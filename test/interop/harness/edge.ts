import type { Books } from "./books.ts";
import {
  type Bytes,
  type Credentials,
  type Open,
  openConnect,
  openForward,
  openRelay,
  openSocks5,
  proxiedRequest,
  refusedConnect,
} from "./clients.ts";
import { type Gost, startGost } from "./gost.ts";
import { ALICE, type ObserverOptions } from "./gost-config.ts";
import type { Origin } from "./origin.ts";
import { freePorts } from "./ports.ts";

/** A GOST with one service of each kind, and clients that use it and enter what they moved into the books. */
export interface Edge {
  readonly gost: Gost;
  /** Moves bytes over one new connection through a service. */
  move(way: Way, bytes: Moved, as?: Credentials): Promise<void>;
  /** Keeps a connection open: the books know of it when `close` resolves. */
  hold(way: Way, as?: Credentials): Promise<Held>;
  /** One plain HTTP request through the HTTP proxy. */
  request(bytes: Moved, as?: Credentials): Promise<void>;
  /** A login with a wrong password at the HTTP proxy. */
  failToLogIn(): Promise<void>;
}

export interface Moved {
  readonly upload: number;
  readonly download: number;
}

export interface Held {
  /** Whose account it will be entered into. */
  readonly service: string;
  /** Its bytes so far, on the client's own socket. */
  wire(): Bytes;
  move(bytes: Moved): Promise<void>;
  close(): Promise<void>;
}

export interface EdgeOptions {
  /** The node as gostcol is expected to name it. */
  readonly node: string;
  readonly observer: ObserverOptions;
  readonly resetTraffic: boolean;
  readonly origin: Origin;
  readonly books: Books;
  /** Whether all clients come through one service with an `auto` handler, instead of one for each protocol. */
  readonly auto?: boolean;
}

/** How clients come: through a service of their own each, or two ways through one service that finds out which. */
const WAYS = {
  web: { service: "web", open: openConnect },
  socks: { service: "socks", open: openSocks5 },
  relay: { service: "relay", open: openRelay },
  forward: { service: "forward", open: openForward },
  auto_http: { service: "auto", open: openConnect },
  auto_socks5: { service: "auto", open: openSocks5 },
} as const satisfies Record<string, { readonly service: string; readonly open: Open }>;

export type Way = keyof typeof WAYS;
type Service = (typeof WAYS)[Way]["service"];

export const TUNNEL_SERVICES = ["web", "socks", "relay", "forward"] as const satisfies readonly Way[];
export const AUTO_WAYS = ["auto_http", "auto_socks5"] as const satisfies readonly Way[];

export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const { node, observer, resetTraffic, origin, books, auto = false } = options;
  const [web, socks, relay, forward, apiPort] = (await freePorts(5)) as [number, number, number, number, number];
  const ports: Record<Service, number> = { web, socks, relay, forward, auto: web };
  const gost = await startGost({
    observer,
    resetTraffic,
    apiPort,
    services: auto
      ? [{ name: "auto", type: "auto", port: ports.auto }]
      : [
          { name: "web", type: "http", port: web },
          { name: "socks", type: "socks5", port: socks },
          { name: "relay", type: "relay", port: relay },
          { name: "forward", type: "forward", port: forward, target: origin.port },
        ],
  });

  async function hold(way: Way, as = ALICE): Promise<Held> {
    const { service, open } = WAYS[way];
    const tunnel = await open(ports[service], origin.port, as);
    return {
      service: `${node} ${service}`,
      wire: () => tunnel.wire(),
      move: ({ upload, download }) => tunnel.exchange(upload, download),
      async close() {
        await tunnel.close();
        books.enter(node, service, service === "forward" ? undefined : as.user, tunnel);
      },
    };
  }

  return {
    gost,
    hold,
    async move(way, bytes, as) {
      const held = await hold(way, as);
      await held.move(bytes);
      await held.close();
    },
    async request(bytes, as = ALICE) {
      const request = await proxiedRequest(web, origin.httpPort, as, bytes);
      await request.close();
      books.enter(node, "web", as.user, request);
    },
    async failToLogIn() {
      const attempt = await refusedConnect(web, origin.port, { user: ALICE.user, password: "wrong" });
      await attempt.close();
      books.enterRefused(node, "web", attempt);
    },
  };
}
