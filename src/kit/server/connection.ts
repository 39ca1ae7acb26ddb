import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Peer } from "../../component/delivery.ts";
import type { ServerConnection, ServerHandler, ServerLimits } from "../../component/server.ts";
import type { Clock } from "../../lib/clock.ts";
import { endpointText } from "../fields.ts";
import { LARGE_BODY_BYTES, type RequestQueue } from "./request-queue.ts";
import type { SendQueues } from "./send-queues.ts";

/** How long a peer has to end its side after we ended ours, and to acknowledge a PING. */
export const PROOF_TIMEOUT_MS = 5_000;

/**
 * A peer that ends its side this soon after its request, and this soon behind our answer, has read the answer: GOST closes
 * the connections that it has no use for right after reading. Later it may be its patience that ended (GOST's
 * `plugin.timeout`), which looks the same where its kernel had the answer by then, or that of a relay which was slow to
 * pass it on.
 */
export const PROMPT_END_MS = { afterRequest: 1_000, afterAnswer: 400 } as const;

/** All monotonic, milliseconds. */
export function isPromptEnd(now: number, requestAt: number, answeredAt: number): boolean {
  return now - requestAt <= PROMPT_END_MS.afterRequest && now - answeredAt <= PROMPT_END_MS.afterAnswer;
}

/** A peer that ends its side this soon behind an answer had it, mostly: there are too many of these to ask of each. */
export const READER_END_MS = 20;

/** How long the end of a connection that its peer gave up can be behind what the peer then sent on another one. */
export const ASK_PAUSE_MS = 400;

/** What the parts of one listening server share. */
export interface Shared {
  readonly handler: ServerHandler;
  readonly limits: ServerLimits;
  readonly receipts: boolean;
  readonly clock: Clock;
  readonly bodies: BodyBudget;
  readonly queue: RequestQueue;
  readonly sendQueues: SendQueues;
}

/** All bodies that are held at a time, over all connections. */
export interface BodyBudget {
  bytes: number;
  readonly bytesMax: number;
  /** Whether the process has no memory to spare, whatever the budget says. */
  readonly memoryIsShort: () => boolean;
}

/** Why no more can be held of a body of which there are `bytes` already; undefined where it can. */
export function crowding({ bytes: held, bytesMax, memoryIsShort }: BodyBudget, bytes: number): string | undefined {
  if (held > bytesMax) return `more than ${bytesMax} bytes of bodies are held already`;
  return bytes > LARGE_BODY_BYTES && memoryIsShort() ? "memory is short" : undefined;
}

/** Whoever serves a socket, as the listener sees it: it looks by every now and then, and ends it. */
export interface Served {
  /** Enforces the deadlines; `now` is monotonic. */
  check(now: number): void;
  /** Finishes what is being answered, takes nothing more, then ends the connection. */
  drain(): void;
}

/** One socket as handlers see it. */
export class AcceptedConnection implements ServerConnection {
  readonly id: number;
  peer: Peer;
  open = true;
  endedByUs = false;
  #gone: AbortController | undefined;

  constructor(id: number, peer: Peer) {
    this.id = id;
    this.peer = peer;
  }

  /** Aborted when the connection ends. Made when first asked for, since few requests want it. */
  get signal(): AbortSignal {
    this.#gone ??= new AbortController();
    if (!this.open) this.#gone.abort(new Error("the connection has ended"));
    return this.#gone.signal;
  }

  end(): void {
    this.open = false;
    this.#gone?.abort(new Error("the connection has ended"));
  }
}

/** Undefined once the peer is gone. */
export function addressOf(socket: Socket): string | undefined {
  const host = socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/, "");
  return host === undefined ? undefined : endpointText({ host, port: socket.remotePort ?? 0 });
}

export function peerOf(socket: Socket, address: string, transport: Peer["transport"]): Peer {
  const subject = isTls(socket) && socket.authorized ? subjectOf(socket) : undefined;
  return subject === undefined ? { address, transport } : { address, transport, certificateSubject: subject };
}

/** By a member that only they have: to ask for the class would load all of TLS at the first plain connection. */
const isTls = (socket: Socket): socket is TLSSocket => "encrypted" in socket;

/** `CN=edge-1,O=Example`: Node writes one attribute a line. */
function subjectOf(socket: TLSSocket): string | undefined {
  return socket.getPeerX509Certificate()?.subject.replaceAll("\n", ",");
}
