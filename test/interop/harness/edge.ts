import type { Books } from "./books.ts";
import {
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
  move(service: TunnelService, bytes: Moved, as?: Credentials): Promise<void>;
  /** Keeps a connection open: the books know of it when `close` resolves. */
  hold(service: TunnelService, as?: Credentials): Promise<Held>;
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
}

const OPENERS = {
  web: openConnect,
  socks: openSocks5,
  relay: openRelay,
  forward: openForward,
} as const satisfies Record<string, Open>;

export type TunnelService = keyof typeof OPENERS;
export const TUNNEL_SERVICES = Object.keys(OPENERS) as TunnelService[];

export async function startEdge({ node, observer, resetTraffic, origin, books }: EdgeOptions): Promise<Edge> {
  const [web, socks, relay, forward, apiPort] = (await freePorts(5)) as [number, number, number, number, number];
  const ports: Record<TunnelService, number> = { web, socks, relay, forward };
  const gost = await startGost({
    observer,
    resetTraffic,
    apiPort,
    services: [
      { name: "web", type: "http", port: web },
      { name: "socks", type: "socks5", port: socks },
      { name: "relay", type: "relay", port: relay },
      { name: "forward", type: "forward", port: forward, target: origin.port },
    ],
  });

  async function hold(service: TunnelService, as = ALICE): Promise<Held> {
    const tunnel = await OPENERS[service](ports[service], origin.port, as);
    return {
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
    async move(service, bytes, as) {
      const held = await hold(service, as);
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
