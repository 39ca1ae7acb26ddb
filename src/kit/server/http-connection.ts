import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Cancel } from "../../lib/clock.ts";
import type { Receipt, ReceiptState } from "../../model/source-facts.ts";
import {
  type AcceptedConnection,
  ASK_PAUSE_MS,
  isPromptEnd,
  PROOF_TIMEOUT_MS,
  READER_END_MS,
  type Served,
  type Shared,
} from "./connection.ts";
import { lastWords } from "./http-answer.ts";
import { type ExchangeEvents, HttpExchange, type Reply, type RequestHead } from "./http-exchange.ts";
import { NodeHead, NodeReply } from "./node-exchange.ts";
import { type AnswerTexts, PlainReply } from "./plain-reply.ts";
import { type Asked, NO_EVIDENCE, openReceipt, type SettableReceipt } from "./receipt.ts";
import type { Delivery } from "./send-queues.ts";
import type { WholeRequests } from "./whole-request.ts";

/** Requests of one connection that may be in work at a time; more is a flood, for honest clients do not pipeline. */
const PIPELINED_MAX = 16;

/** What all HTTP connections of a server share. */
export interface HttpShared extends Shared {
  /** Gives a socket to Node's parser, which calls `request`, `notParsed` and `notProxied` from then on. */
  readonly parse: (socket: Socket) => void;
  readonly requests: WholeRequests;
  readonly texts: AnswerTexts;
}

/**
 * One HTTP/1.1 connection: its deadlines, its end, and what that proves about the answers on it.
 *
 * While each chunk is a whole request of the plainest form it is read here, which takes half the time that Node's parser
 * and its streams take. The first chunk that is anything else goes to Node's, with the rest of the connection.
 *
 * An answer was read when the peer, after it was out, sent another request or soon ended its side without a reset; it was
 * not when the connection was reset, or when the peer had ended its side before it was out or before it arrived. An end
 * that comes late proves nothing. A peer that stays silent is asked by ending our side: it has `PROOF_TIMEOUT_MS` to end
 * its own.
 */
export class HttpConnection implements Served, Asked, ExchangeEvents {
  readonly #socket: Socket;
  readonly #connection: AcceptedConnection;
  readonly #shared: HttpShared;
  readonly #reply: Reply;
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
  /** Since when bytes of answers wait for their reader; monotonic. */
  #blockedSince: number | undefined;

  constructor(socket: Socket, connection: AcceptedConnection, shared: HttpShared) {
    this.#socket = socket;
    this.#connection = connection;
    this.#shared = shared;
    this.#reply = new PlainReply(socket, shared.texts);
    this.#idleSince = shared.clock.monotonic();
    // What Node calls behind an answer that says `Connection: close`; with the socket the proof would be gone.
    socket.destroySoon = () => void socket.end();
    socket.on("data", this.#read);
    socket.on("end", this.#readToEnd);
    socket.on("close", this.#closed);
  }

  /** The headers of a request are complete, which Node's parser reads. */
  request(message: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    const { clock, limits } = this.#shared;
    const bodyDeadline = clock.monotonic() + limits.bodyTimeoutMs;
    const exchange = this.#begin(new NodeHead(message), new NodeReply(response), bodyDeadline);
    if (exchange === undefined) {
      message.resume();
      return;
    }
    // A client that asked for the connection's end gets it by way of our FIN, so that its own can prove the answer read.
    if (!response.shouldKeepAlive) {
      response.shouldKeepAlive = true;
      this.#endWhenAnswered = true;
    }
    if (exchange.expect(Number(message.headers["content-length"] ?? 0)) && expectsContinue) response.writeContinue();
    message.on("data", (chunk: Buffer) => exchange.take(chunk));
    message.on("end", () => exchange.end());
  }

  readonly #read = (chunk: Buffer): void => {
    const request = this.#shared.requests.read(chunk);
    if (request === undefined) {
      this.#leaveToNode(chunk);
      return;
    }
    const exchange = this.#begin(request.head, this.#reply, Number.POSITIVE_INFINITY);
    if (exchange === undefined) return;
    if (request.body.length > 0 && exchange.expect(request.body.length)) exchange.take(request.body);
    exchange.end();
  };

  #leaveToNode(chunk: Buffer): void {
    const socket = this.#socket;
    socket.off("data", this.#read);
    socket.off("end", this.#readToEnd);
    socket.off("close", this.#closed);
    socket.pause();
    socket.unshift(chunk);
    this.#shared.parse(socket);
    // Behind Node's own listeners: what its parser says at the end of the connection comes first.
    socket.on("end", this.#peerEnded);
    socket.on("close", this.#closed);
    socket.resume();
  }

  /** Of a request whose headers are complete; undefined where it is not taken. */
  #begin(head: RequestHead, reply: Reply, bodyDeadline: number): HttpExchange | undefined {
    if (this.#state !== "serving") {
      this.rejected("after_end", "a request on a connection that we are ending");
      return undefined;
    }
    if (this.#exchanges.length > 0) this.#pipelines = true;
    else if (!this.#pipelines) {
      this.#settle("read", "refusal_read");
      this.#askNoMore(); // What was asked for is known; what comes now was not asked for.
    }
    if (this.#exchanges.length >= PIPELINED_MAX) {
      this.rejected("pipelined", `more than ${PIPELINED_MAX} requests before the first was answered`);
      this.#socket.destroy();
      return undefined;
    }
    const { limits, receipts, bodies } = this.#shared;
    const exchange = new HttpExchange({
      connection: this.#connection,
      head,
      reply,
      receipt: receipts ? openReceipt(this, this.#pipelines ? 0 : this.#answeredAt) : NO_EVIDENCE,
      bodyBytesMax: limits.bodyBytesMax,
      bodies,
      bodyDeadline,
      events: this,
    });
    this.#exchanges.push(exchange);
    return exchange;
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
    const { headerTimeoutMs, bodyTimeoutMs, idleTimeoutMs, writeTimeoutMs } = this.#shared.limits;
    this.#blockedSince = this.#socket.writableLength === 0 ? undefined : (this.#blockedSince ?? now);
    if (this.#blockedSince !== undefined && now - this.#blockedSince >= writeTimeoutMs) {
      this.rejected("write_timeout", `an answer was not taken within ${writeTimeoutMs} ms`);
      this.#connection.endedByUs = true;
      this.#socket.destroy();
      return;
    }
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

  isNext(exchange: HttpExchange): boolean {
    return this.#exchanges[0] === exchange;
  }

  isLast(exchange: HttpExchange): boolean {
    return this.#endWhenAnswered && this.#exchanges.at(-1) === exchange;
  }

  ready(exchange: HttpExchange): void {
    this.#bytesAtRest = this.#socket.bytesRead;
    this.#lastRequestAt = this.#shared.clock.monotonic();
    this.#shared.queue.add(exchange, this.#lastRequestAt);
  }

  answered(exchange: HttpExchange): void {
    this.#answeredAt = this.#shared.clock.now();
    const { outcome, receipt } = exchange;
    if (outcome === undefined || receipt.state !== "open") return;
    (outcome === "success" ? this.#unproven : this.#unprovenRefusals).push(receipt);
  }

  over(exchange: HttpExchange): void {
    this.#exchanges.splice(this.#exchanges.indexOf(exchange), 1);
    if (this.#exchanges.length > 0) {
      this.#exchanges[0]!.flush();
      return;
    }
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

  readonly #readToEnd = (): void => {
    this.#socket.end();
    this.#peerEnded();
  };

  /** Our side is ended as well: an answer that is not out yet will not be read. */
  readonly #peerEnded = (): void => {
    const now = this.#shared.clock.monotonic();
    const wasAsked = this.#state === "ending";
    if (!wasAsked) this.#endDeadline = now + PROOF_TIMEOUT_MS;
    this.#state = "ended";
    const isPrompt = isPromptEnd(now, this.#lastRequestAt, this.#idleSince);
    const delivery = this.#deliveryOfAnswers(now);
    // Where both sides have ended, a connection may be forgotten without a reset.
    if (delivery === "under_way" || (delivery === "no_connection" && !wasAsked)) this.#settle("unread", "unread");
    else {
      // GOST has no reason to end a connection behind a refusal, but that it gave up before. What a client of one request
      // has acknowledged it has read, for its end would have been a reset otherwise.
      const isRefusalRead = wasAsked || (isPrompt && delivery === "acknowledged");
      this.#settle(wasAsked || isPrompt ? "read" : "unknown", isRefusalRead ? "refusal_read" : "unread");
    }
    this.#giveUp();
  };

  /** What a peer's kernel did not have when the peer ended its side, the peer had not read. */
  #deliveryOfAnswers(now: number): Delivery | undefined {
    if (this.#unproven.length + this.#unprovenRefusals.length === 0) return undefined;
    return this.#shared.sendQueues.deliveryOf(this.#socket, now - this.#idleSince <= READER_END_MS ? "prompt" : "late");
  }

  readonly #closed = (hadError: boolean): void => {
    if (this.#state === "serving" && this.#exchanges.some((exchange) => !exchange.received && !exchange.answering)) {
      this.rejected("truncated", "the connection broke within a body");
    }
    const asked = this.#state === "ending" && this.#shared.clock.monotonic() >= this.#endDeadline;
    // Where we cut the connection ourselves, before the peer had its time, nothing is proved.
    const verdict = hadError || asked ? "unread" : "unknown";
    this.#settle(verdict, verdict);
    this.#state = "ended";
    this.#giveUp();
  };

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
