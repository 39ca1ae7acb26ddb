import { createServer, type Server as NetServer, type Socket } from "node:net";
import { type Endpoint, endpointText } from "../fields.ts";
import { bind } from "./bind.ts";

/** After this without a byte the system asks whether the peer is still there: a machine that vanished sends no FIN. */
const TCP_KEEPALIVE_MS = 60_000;
/** How many may wait at a port that nobody listens on; the others find their connection ended. */
const WAITING_MAX = 1000;

export type Accept = (socket: Socket) => void;

/** A port that somebody listens on. */
export interface Port {
  /** Where it really is. */
  readonly address: Endpoint;
  close(): ClosedPort;
}

/** `gone` resolves when nothing of it is left. A port that is held takes those over who have said nothing yet. */
export interface ClosedPort {
  readonly gone?: Promise<void>;
  readonly takeOver?: Accept;
}

/**
 * The ports of this process. While they are held, a port outlives whoever let go of it: those who connect wait, and
 * whoever listens there next serves them.
 */
export class Ports {
  /** By where they are, those that nobody listens on; undefined while ports are not held. */
  #held: Map<string, OpenPort> | undefined;

  /** Rejects with a `ListenError`. */
  async take(endpoint: Endpoint, accept: Accept, signal: AbortSignal): Promise<Port> {
    signal.throwIfAborted();
    const place = endpointText(endpoint);
    const held = this.#held?.get(place);
    this.#held?.delete(place);
    const open = held ?? new OpenPort();
    const address = held?.address ?? (await open.open(endpoint, signal));
    open.serve(accept);
    return { address, close: () => this.#letGo(place, open) };
  }

  /** From now on; until the returned function is called, when what nobody has taken is closed. */
  hold(): () => void {
    const held = new Map<string, OpenPort>();
    this.#held = held;
    return () => {
      if (this.#held === held) this.#held = undefined;
      for (const port of held.values()) void port.close();
      held.clear();
    };
  }

  #letGo(place: string, open: OpenPort): ClosedPort {
    // Nobody finds a port again that the system has chosen.
    const wasChosen = place.endsWith(":0");
    if (this.#held === undefined || wasChosen) return { gone: open.close() };
    open.serve(undefined);
    this.#held.set(place, open);
    return { takeOver: (socket) => open.connected(socket) };
  }
}

class OpenPort {
  readonly #net: NetServer;
  #accept: Accept | undefined;
  #waiting: Socket[] = [];
  #closed: Promise<void> | undefined;
  address: Endpoint | undefined;

  constructor() {
    this.#net = createServer(
      // Half open, since who ended its side first is what proves an answer read.
      { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: TCP_KEEPALIVE_MS },
      (socket) => this.connected(socket),
    );
  }

  async open(endpoint: Endpoint, signal: AbortSignal): Promise<Endpoint> {
    this.address = await bind(this.#net, endpoint, signal);
    return this.address;
  }

  /** `undefined`: nobody; those who connect wait. */
  serve(accept: Accept | undefined): void {
    this.#accept = accept;
    if (accept === undefined) return;
    for (const socket of this.#waiting.splice(0)) if (!socket.destroyed) accept(socket);
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => this.#net.close(() => resolve()));
    for (const socket of this.#waiting.splice(0)) socket.destroy();
    return this.#closed;
  }

  connected(socket: Socket): void {
    if (this.#accept !== undefined) {
      this.#accept(socket);
      return;
    }
    socket.on("error", () => {}); // `close` follows.
    if (this.#waiting.length >= WAITING_MAX) {
      socket.destroy();
      return;
    }
    // Asked for now, since nobody knows it once the peer has reset the connection; the socket remembers it.
    void socket.remoteAddress;
    this.#waiting.push(socket);
  }
}
