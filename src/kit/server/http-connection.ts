import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Cancel } from "../../lib/clock.ts";
import type { Receipt, ReceiptState } from "../../model/source-facts.ts";
import {
  type AcceptedConnection,
  ASK_PAUSE_MS,
  PROMPT_END_MS,
  PROOF_TIMEOUT_MS,
  READER_END_MS,
  type Served,
  type Shared,
} from "./connection.ts";
import { lastWords } from "./http-answer.ts";
import { type ExchangeEvents, HttpExchange } from "./http-exchange.ts";
import { type Asked, NO_EVIDENCE, openReceipt, type SettableReceipt } from "./receipt.ts";

/** Requests of one connection that may be in work at a time; more is a flood, for honest clients do not pipeline. */
const PIPELINED_MAX = 16;

/**
 * One HTTP/1.1 connection: its deadlines, its end, and what that proves about the answers on it.
 *
 * An answer was read when the peer, after it was out, sent another request or soon ended its side without a reset; it was
 * not when the connection was reset, or when the peer had ended its side before it was out or before it arrived. An end
 * that comes late proves nothing. A peer that stays silent is asked by ending our side: it has `PROOF_TIMEOUT_MS` to end
 * its own.
 */
export class HttpConnection implements Served, Asked, ExchangeEvents {
  readonly #socket: Socket;
  readonly #connection: AcceptedConnection;
  readonly #shared: Shared;
  /** Those whose request is still coming or whose answer is not out yet, oldest first. */
  readonly #exchanges: HttpExchange[] = [];
  /** Of the successes that are out, and of which it is not known whether they were read. */
  #unproven: SettableReceipt[] = [];
  /** The same of refusals. */
  #unprovenRefusals: SettableReceipt[] = [];
  /** When the last answer was out, in milliseconds since the epoch; 0 before. */
  #answeredAt = 0;
  /** A client that sends before it has its answer: its later requests prove nothing. */
  #pipelines = false;
  #state: "serving" | "ending" | "ended" = "serving";
  #endWhenAnswered = false;
  /** The answers whose proof somebody wants. */
  readonly #askedFor = new Set<Receipt>();
  #cancelAsking: Cancel | undefined;
  /** Of the state `ending`; monotonic. */
  #endDeadline = 0;
  #idleSince: number;
  /** What had been read when the last request was complete, and when more than that was first seen. */
  #bytesAtRest = 0;
  /** When the last request was complete; monotonic. */
  #lastRequestAt = 0;
  #headerSince: number | undefined;

  constructor(socket: Socket, connection: AcceptedConnection, shared: Shared) {
    this.#socket = socket;
    this.#connection = connection;
    this.#shared = shared;
    this.#idleSince = shared.clock.monotonic();
    // What Node calls behind an answer that says `Connection: close`; with the socket the proof would be gone.
    socket.destroySoon = () => void socket.end();
    socket.on("end", () => this.#peerEnded());
    socket.on("close", (hadError) => this.#closed(hadError));
  }

  /** The headers of a request are complete. */
  request(message: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    if (this.#state !== "serving") {
      this.rejected("after_end", "a request on a connection that we are ending");
      message.resume();
      return;
    }
    if (this.#exchanges.length > 0) this.#pipelines = true;
    else if (!this.#pipelines) {
      this.#settle("read", "refusal_read");
      this.#askNoMore(); // What was asked for is known; what comes now was not asked for.
    }
    if (this.#exchanges.length >= PIPELINED_MAX) {
      this.rejected("pipelined", `more than ${PIPELINED_MAX} requests before the first was answered`);
      this.#socket.destroy();
      return;
    }
    // A client that asked for the connection's end gets it by way of our FIN, so that its own can prove the answer read.
    if (!response.shouldKeepAlive) {
      response.shouldKeepAlive = true;
      this.#endWhenAnswered = true;
    }
    const { limits, receipts, bodies, clock } = this.#shared;
    const exchange = new HttpExchange({
      connection: this.#connection,
      message,
      response,
      receipt: receipts ? openReceipt(this, this.#pipelines ? 0 : this.#answeredAt) : NO_EVIDENCE,
      bodyBytesMax: limits.bodyBytesMax,
      bodies,
      bodyDeadline: clock.monotonic() + limits.bodyTimeoutMs,
      events: this,
    });
    this.#exchanges.push(exchange);
    exchange.receive(expectsContinue);
  }

  /** Node's parser gave up on what came. */
  notParsed(error: NodeJS.ErrnoException & { readonly reason?: string }): void {
    const said = error.reason ?? error.message;
    if (error.code === "HPE_HEADER_OVERFLOW") this.#refuse(431, "headers_too_large", "the headers are too large");
    else if (error.code === "HPE_INVALID_EOF_STATE") this.#refuse(400, "truncated", "the request is not complete");
    else if (error.code?.startsWith("HPE_")) this.#refuse(400, "bad_http", `not a valid HTTP/1.1 request: ${said}`);
    else this.#socket.destroy(); // The connection broke: `close` follows, and says what that proves.
  }

  /** A `CONNECT`: somebody takes this port for the proxy. Node lets go of the socket then. */
  notProxied(): void {
    this.#socket.resume();
    this.#refuse(405, "bad_method", "CONNECT: this port is no proxy");
  }

  check(now: number): void {
    if (this.#state !== "serving") {
      if (now >= this.#endDeadline) this.#socket.destroy();
      return;
    }
    const { headerTimeoutMs, bodyTimeoutMs, idleTimeoutMs } = this.#shared.limits;
    const receiving = this.#exchanges.find((exchange) => !exchange.received);
    if (receiving) {
      if (now >= receiving.bodyDeadline) this.#refuse(408, "body_timeout", `no whole body within ${bodyTimeoutMs} ms`);
    } else if (this.#exchanges.length === 0) {
      if (this.#socket.bytesRead !== this.#bytesAtRest) {
        this.#headerSince ??= now;
        if (now - this.#headerSince < headerTimeoutMs) return;
        this.#refuse(408, "header_timeout", `no whole headers within ${headerTimeoutMs} ms`);
      } else if (now - this.#idleSince >= idleTimeoutMs) this.#end();
    }
  }

  drain(): void {
    if (this.#exchanges.length === 0) this.#end();
    else this.#endWhenAnswered = true;
  }

  /**
   * Who asks has mostly just been sent the same again, on another connection: the end of this one may be on its way,
   * because its peer gave up. That end would pass for a reply to ours, so it gets some time to arrive before.
   */
  ask(receipt: Receipt): void {
    this.#askedFor.add(receipt);
    this.#cancelAsking ??= this.#shared.clock.after(ASK_PAUSE_MS, () => {
      this.#cancelAsking = undefined;
      const asked = [...this.#askedFor].filter(({ state }) => state === "open");
      this.#askedFor.clear();
      if (asked.length === 0) return;
      if (this.#exchanges.length === 0) this.#end();
      else for (const receipt of asked) this.ask(receipt);
    });
  }

  isLast(exchange: HttpExchange): boolean {
    return this.#endWhenAnswered && this.#exchanges.at(-1) === exchange;
  }

  ready(exchange: HttpExchange): void {
    this.#bytesAtRest = this.#socket.bytesRead;
    this.#lastRequestAt = this.#shared.clock.monotonic();
    this.#shared.queue.add(exchange);
  }

  answered(exchange: HttpExchange): void {
    this.#answeredAt = this.#shared.clock.now();
    const { outcome, receipt } = exchange;
    if (outcome === undefined || receipt.state !== "open") return;
    (outcome === "success" ? this.#unproven : this.#unprovenRefusals).push(receipt);
  }

  over(exchange: HttpExchange): void {
    this.#exchanges.splice(this.#exchanges.indexOf(exchange), 1);
    if (this.#exchanges.length > 0) return;
    this.#idleSince = this.#shared.clock.monotonic();
    this.#headerSince = undefined;
    if (this.#endWhenAnswered) this.#end();
  }

  rejected(reason: string, detail: string): void {
    this.#shared.handler.rejected?.(reason, this.#connection, detail);
  }

  /** The last answer on this connection, to something that did not become a request. */
  #refuse(status: number, reason: string, text: string): void {
    if (this.#state !== "serving") return;
    const wasRefused = this.#exchanges.some((exchange) => !exchange.received && exchange.answering);
    if (!wasRefused) this.rejected(reason, text);
    // In the middle of another answer these words would become a part of it.
    if (this.#exchanges.some((exchange) => exchange.received || exchange.answering)) this.#socket.destroy();
    else this.#end(lastWords(status, text));
  }

  #end(words?: string): void {
    if (this.#state !== "serving") return;
    this.#state = "ending";
    this.#connection.endedByUs = true;
    this.#endDeadline = this.#shared.clock.monotonic() + PROOF_TIMEOUT_MS;
    if (words === undefined) this.#socket.end();
    else this.#socket.end(words);
  }

  /** Node's own listener has ended our side: an answer that is not out yet will not be read. */
  #peerEnded(): void {
    const now = this.#shared.clock.monotonic();
    const wasAsked = this.#state === "ending";
    if (!wasAsked) this.#endDeadline = now + PROOF_TIMEOUT_MS;
    this.#state = "ended";
    const isPrompt = now - this.#lastRequestAt <= PROMPT_END_MS;
    if (this.#answersGotLost(now, wasAsked)) this.#settle("unread", "unread");
    // GOST has no reason to end a connection behind a refusal, but that it gave up before.
    else this.#settle(wasAsked || isPrompt ? "read" : "unknown", wasAsked ? "refusal_read" : "unread");
    this.#giveUp();
  }

  /** What a peer's kernel did not have when the peer ended its side, the peer had not read. */
  #answersGotLost(now: number, wasAsked: boolean): boolean {
    if (this.#unproven.length + this.#unprovenRefusals.length === 0) return false;
    if (now - this.#idleSince <= READER_END_MS) return false;
    const delivery = this.#shared.sendQueues.deliveryOf(this.#socket);
    // Where both sides have ended, a connection may be forgotten without a reset.
    return delivery === "under_way" || (delivery === "no_connection" && !wasAsked);
  }

  #closed(hadError: boolean): void {
    if (this.#state === "serving" && this.#exchanges.some((exchange) => !exchange.received && !exchange.answering)) {
      this.rejected("truncated", "the connection broke within a body");
    }
    const asked = this.#state === "ending" && this.#shared.clock.monotonic() >= this.#endDeadline;
    // Where we cut the connection ourselves, before the peer had its time, nothing is proved.
    const verdict = hadError || asked ? "unread" : "unknown";
    this.#settle(verdict, verdict);
    this.#state = "ended";
    this.#giveUp();
  }

  /** What was not answered by now never will be. */
  #giveUp(): void {
    this.#askNoMore();
    this.#connection.end();
    for (const exchange of this.#exchanges.splice(0)) {
      exchange.receipt.settle("unread");
      exchange.drop();
    }
  }

  #askNoMore(): void {
    this.#cancelAsking?.();
    this.#cancelAsking = undefined;
  }

  #settle(successes: Exclude<ReceiptState, "open">, refusals: Exclude<ReceiptState, "open">): void {
    this.#unproven = settled(this.#unproven, successes);
    this.#unprovenRefusals = settled(this.#unprovenRefusals, refusals);
  }
}

/** Settles all, and gives what is left. */
function settled(receipts: SettableReceipt[], verdict: Exclude<ReceiptState, "open">): SettableReceipt[] {
  if (receipts.length === 0) return receipts;
  for (const receipt of receipts) receipt.settle(verdict);
  return [];
}
