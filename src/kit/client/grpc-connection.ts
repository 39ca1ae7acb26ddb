import { type ClientHttp2Session, connect } from "node:http2";
import { type GrpcClientOptions, TransportError } from "../../component/transport.ts";
import { orAborted } from "../../lib/abort.ts";
import type { Cancel, Clock } from "../../lib/clock.ts";
import { TlsContext } from "./tls-context.ts";
import { transportError } from "./transport-failure.ts";

/**
 * One HTTP/2 connection, opened by the first call and again by the first call after it was lost or left: when to try
 * again is its user's business, who has a backoff of its own.
 */
export class GrpcConnection {
  readonly #options: GrpcClientOptions;
  readonly #clock: Clock;
  readonly #tls: TlsContext | undefined;
  /** As `host:port`, for messages. */
  readonly where: string;
  #session: ClientHttp2Session | undefined;
  #opening: Opening | undefined;
  #generation = 0;
  #keepalive: Cancel | undefined;

  constructor(options: GrpcClientOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#tls = options.tls === undefined ? undefined : new TlsContext(options.tls, clock);
    const { host, port } = options;
    this.where = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  }

  /** Rejects with a `TransportError`, or with the signal's reason: a peer need not refuse, it may just say nothing. */
  async session(signal: AbortSignal): Promise<ClientHttp2Session> {
    const context = await this.#tls?.current(signal);
    if (context !== undefined && context.generation !== this.#generation) {
      this.#leaveAny();
      this.#generation = context.generation;
    }
    // One that an error destroyed while it was being made has no event left to tell that it is gone.
    if (this.#session?.destroyed) this.#leaveAny();
    if (this.#session !== undefined) return this.#session;
    this.#opening ??= this.#open(context?.options ?? {});
    const opening = this.#opening;
    opening.waiting++;
    try {
      return await orAborted(opening.opened, signal);
    } finally {
      // Whoever comes next shall not wait for a connection that nobody waited for any longer.
      if (--opening.waiting === 0 && this.#opening === opening) opening.abandon();
    }
  }

  /** What is under way on it ends; the next call opens another. */
  leave(session: ClientHttp2Session): void {
    if (this.#session === session) this.#leaveAny();
  }

  close(): void {
    this.#opening?.abandon();
    this.#session?.destroy();
    this.#leaveAny();
  }

  #leaveAny(): void {
    this.#keepalive?.();
    this.#session?.close();
    this.#session = undefined;
  }

  #open(tls: object): Opening {
    const scheme = this.#tls === undefined ? "http" : "https";
    const session = connect(`${scheme}://${this.where}`, { ...tls, peerMaxConcurrentStreams: 1000 });
    const { promise: opened, resolve, reject } = Promise.withResolvers<ClientHttp2Session>();
    const settled = () => {
      if (this.#opening === opening) this.#opening = undefined;
    };
    const abandon = () => {
      settled();
      session.destroy();
    };
    const opening: Opening = { opened, waiting: 0, abandon };
    const fail = (error: unknown) => {
      settled();
      this.leave(session);
      reject(transportError(error, this.where));
    };
    session.once("connect", (_, socket) => {
      if (session.destroyed) return;
      // A peer that says nothing would never end it from its side.
      socket.once("finish", () => socket.destroy());
      settled();
      this.#session = session;
      this.#watch(session);
      resolve(session);
    });
    session.on("error", fail);
    session.on("goaway", () => this.leave(session));
    session.on("close", () => fail(new TransportError("ECONNRESET", `${this.where}: the connection ended`)));
    return opening;
  }

  #watch(session: ClientHttp2Session): void {
    const { keepaliveMs, keepaliveTimeoutMs } = this.#options;
    session.unref();
    if (keepaliveMs === 0) return;
    this.#keepalive = this.#clock.every(keepaliveMs, () => {
      const late = this.#clock.after(keepaliveTimeoutMs, () => session.destroy(new Error("a PING was not answered")));
      const sent = !session.destroyed && session.ping(() => late());
      if (!sent) late();
    });
  }
}

/** A connection that is being made, for all who wait for it. */
interface Opening {
  readonly opened: Promise<ClientHttp2Session>;
  waiting: number;
  abandon(): void;
}
