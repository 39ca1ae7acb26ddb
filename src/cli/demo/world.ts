import type { Clock } from "../../lib/clock.ts";
import type { Random } from "../../lib/random.ts";
import { type Account, Books } from "../../simulate/books.ts";
import { Gost, type GostConfig } from "../../simulate/gost.ts";
import { httpPool } from "../../simulate/http-pool.ts";
import type { Network } from "../../simulate/network.ts";
import type { ServiceConfig } from "../../simulate/service-config.ts";
import { driveTraffic } from "../../simulate/traffic.ts";
import { type Address, dialReceiver } from "./http.ts";

/** A second is the shortest period that GOST takes: a demo should not keep anybody waiting. */
const service = (name: string, handler: ServiceConfig["handler"], resetTraffic: boolean): ServiceConfig => ({
  name,
  handler,
  levels: ["service", "handler"],
  resetTraffic,
  periodMs: 1000,
});

/** Two nodes that have a service of the same name, in the two modes: they must never mix. */
const NODES: readonly (GostConfig & { readonly users: readonly (readonly [service: string, client: string])[] })[] = [
  {
    node: "edge-1",
    observer: { type: "http", target: "/observer?node=edge-1&temporality=delta" },
    services: [service("web", "http", true), service("socks", "socks5", true)],
    users: [
      ["web", "alice"],
      ["web", "bob"],
      ["web", "carol"],
      ["web", "dave"],
      ["socks", "alice"],
      ["socks", "erin"],
      ["socks", "frank"],
    ],
  },
  {
    node: "edge-2",
    observer: { type: "http", target: "/observer?node=edge-2&temporality=cumulative" },
    services: [service("web", "http", false)],
    users: [
      ["web", "alice"],
      ["web", "grace"],
      ["web", "heidi"],
      ["web", "ivan"],
      ["web", "judy"],
    ],
  },
];

const TRAFFIC = { pauseMeanMs: 60, transferMeanMs: 300, transfersMax: 6, refusedShare: 0.03 };
const LOST_ANSWER_SHARE = 0.07;
const RESTART_PAUSE_MIN_MS = 2500;
const RESTART_PAUSE_SPREAD_MS = 3000;
const DOWN_MS = 400;

/** What happens to the agent in the demo, and what really happened. */
export interface DemoWorld {
  readonly restarts: number;
  readonly lostAnswers: number;
  /** The truth of this moment; undefined while a report is on its way, for then nobody could tell what is taken. */
  truth(): readonly Account[] | undefined;
  /** Clients go home and nobody is killed any more: soon everything is reported. */
  calmDown(): void;
  end(): void;
}

export function startWorld(options: { clock: Clock; random: Random; receiver: Address }): DemoWorld {
  const { clock, random, receiver } = options;
  const books = new Books();
  let restarts = 0;
  let lostAnswers = 0;
  let calm = false;
  let ended = false;

  function loseAnswer(): boolean {
    const lost = random.float() < LOST_ANSWER_SHARE;
    if (lost) lostAnswers++;
    return lost;
  }
  const network: Network = { open: (_, observer) => httpPool(() => dialReceiver(receiver, observer, loseAnswer)) };

  const gosts = NODES.map((config) => new Gost(config, { clock, random, network, books }));
  const traffics = gosts.map((gost, index) => {
    void gost.start(); // It never rejects, and serves as soon as the agent has answered.
    const users = NODES[index]!.users.map(([name, client]) => ({ service: name, client }));
    return driveTraffic({ clock, random, gost, users, ...TRAFFIC });
  });

  const quiet = () => gosts.every((gost) => gost.callsInFlight === 0);

  /** SIGKILL and start again. Between two calls, so that the books know exactly what was taken. */
  function restart(): void {
    if (calm) return;
    const gost = gosts[random.integer(gosts.length)]!;
    if (!gost.running || gost.callsInFlight > 0) {
      clock.after(5, restart);
      return;
    }
    gost.kill();
    restarts++;
    clock.after(DOWN_MS, () => {
      if (!ended) void gost.start();
    });
    scheduleRestart();
  }
  function scheduleRestart(): void {
    clock.after(RESTART_PAUSE_MIN_MS + random.float() * RESTART_PAUSE_SPREAD_MS, restart);
  }
  scheduleRestart();

  return {
    get restarts() {
      return restarts;
    },
    get lostAnswers() {
      return lostAnswers;
    },
    truth: () => (quiet() ? books.truth() : undefined),
    calmDown() {
      calm = true;
      for (const traffic of traffics) traffic.stop();
    },
    end() {
      this.calmDown();
      ended = true;
      for (const gost of gosts) gost.kill();
    },
  };
}
