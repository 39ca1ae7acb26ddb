import {
  type Listen,
  ListenError,
  type Server,
  type ServerHandler,
  type ServerOptions,
} from "../../../src/component/server.ts";
import { orAborted } from "../../../src/lib/abort.ts";
import type { Mortal } from "../agent/mortal.ts";
import type { World } from "../world.ts";
import { Heard } from "./heard.ts";

/** One connection as the side that listens has it. */
export interface ServerSide {
  /** Ends our side once what is being answered is answered; `ended` is called when the connection is over. */
  drain(): void;
  /** The process is gone: the kernel ends it. */
  orphan(): void;
}

/** The network of one life. Whoever listens on a port is found by it, as long as its process lives. */
export class SimNetwork {
  readonly #world: World;
  readonly #listeners = new Map<number, Listener>();
  readonly #heard = new Heard();
  #lastConnectionId = 0;
  /** Requests that were handed to a process. */
  requests = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** Who listens on a port now. */
  listener(port: number): Listener | undefined {
    return this.#listeners.get(port);
  }

  /** How one process listens. */
  listen(mortal: Mortal): Listen {
    return async (options, handler, signal) => {
      signal.throwIfAborted();
      const { port } = options;
      if (this.#listeners.has(port)) throw new ListenError("EADDRINUSE", `port ${port} is in use`);
      if (!mortal.step()) return new Promise(() => {});
      const forget = () => {
        if (this.#listeners.get(port) === listener) this.#listeners.delete(port);
      };
      const listener = new Listener(options, handler, mortal, {
        nextId: () => ++this.#lastConnectionId,
        requested: () => this.requests++,
        forget,
        heard: this.#heard,
      });
      this.#listeners.set(port, listener);
      this.#world.trace.note(`listens on ${port}`);
      mortal.onDeath(() => {
        forget();
        listener.orphan();
      });
      return listener;
    };
  }
}

/** Something that listens, of one process. */
export class Listener implements Server {
  readonly options: ServerOptions;
  readonly handler: ServerHandler;
  readonly mortal: Mortal;
  readonly heard: Heard;
  readonly #ways: {
    readonly nextId: () => number;
    readonly requested: () => void;
    readonly forget: () => void;
    readonly heard: Heard;
  };
  readonly #sides = new Set<ServerSide>();
  #whenEmpty: (() => void) | undefined;

  constructor(
    options: ServerOptions,
    handler: ServerHandler,
    mortal: Mortal,
    ways: {
      readonly nextId: () => number;
      readonly requested: () => void;
      readonly forget: () => void;
      readonly heard: Heard;
    },
  ) {
    this.options = options;
    this.handler = handler;
    this.mortal = mortal;
    this.#ways = ways;
    this.heard = ways.heard;
  }

  get host(): string {
    return this.options.host;
  }

  get port(): number {
    return this.options.port;
  }

  get openConnections(): number {
    return this.#sides.size;
  }

  nextConnectionId(): number {
    return this.#ways.nextId();
  }

  requested(): void {
    this.#ways.requested();
  }

  joined(side: ServerSide): void {
    this.#sides.add(side);
  }

  left(side: ServerSide): void {
    this.#sides.delete(side);
    if (this.#sides.size === 0) this.#whenEmpty?.();
  }

  async close(deadline: AbortSignal): Promise<void> {
    this.#ways.forget();
    for (const side of [...this.#sides]) side.drain();
    const empty = new Promise<void>((resolve) => {
      this.#whenEmpty = resolve;
    });
    if (this.#sides.size > 0) await orAborted(empty, deadline).catch(() => {});
    this.orphan();
  }

  /** Ends all connections at once, as the kernel does. */
  orphan(): void {
    for (const side of [...this.#sides]) side.orphan();
    this.#sides.clear();
  }
}
