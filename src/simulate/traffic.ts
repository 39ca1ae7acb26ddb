import type { Cancel, Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { Connection } from "./connection.ts";
import type { Gost } from "./gost.ts";
import { PROTOCOLS } from "./handlers.ts";

export interface TrafficOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly gost: Gost;
  /** Who uses what; a pair that is listed twice is used twice as much. */
  readonly users: readonly { readonly service: string; readonly client: string }[];
  /** Between two new connections. */
  readonly pauseMeanMs: number;
  /** Between two transfers of a connection. */
  readonly transferMeanMs: number;
  readonly transfersMax: number;
  /** The share of connections whose login is refused. */
  readonly refusedShare: number;
}

/** Clients that come, move bytes and go, until it is stopped: then all their connections close. */
export function driveTraffic(options: TrafficOptions): { stop(): void } {
  const { clock, random, gost, users } = options;
  const timers = new Set<Cancel>();
  const connections = new Set<Connection>();

  function later(meanMs: number, callback: () => void): void {
    const cancel = clock.after(-Math.log(1 - random.float()) * meanMs, () => {
      timers.delete(cancel);
      callback();
    });
    timers.add(cancel);
  }

  function arrive(): void {
    const user = users[random.integer(users.length)]!;
    const service = gost.service(user.service);
    if (service !== undefined) {
      const protocols = PROTOCOLS[service.config.handler];
      const protocol = protocols[random.integer(protocols.length)]!;
      if (random.float() < options.refusedShare) service.refuseLogin();
      else {
        const connection = service.connect(user.client, protocol);
        if (connection !== undefined) use(connection, 1 + random.integer(options.transfersMax));
      }
    }
    later(options.pauseMeanMs, arrive);
  }

  function use(connection: Connection, transfers: number): void {
    connections.add(connection);
    later(options.transferMeanMs, () => {
      connection.move(bytes(2, 4), bytes(2, 6));
      if (connection.open && transfers > 1) return use(connection, transfers - 1);
      connection.close();
      connections.delete(connection);
    });
  }

  /** A number of bytes with so many digits: most transfers are small, and few large ones make up most of the traffic. */
  function bytes(digitsMin: number, digitsMax: number): number {
    return Math.floor(10 ** (digitsMin + random.float() * (digitsMax - digitsMin)));
  }

  later(options.pauseMeanMs, arrive);
  return {
    stop() {
      for (const cancel of timers) cancel();
      for (const connection of connections) connection.close();
      timers.clear();
      connections.clear();
    },
  };
}
