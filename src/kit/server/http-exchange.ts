import type { IncomingMessage, ServerResponse } from "node:http";
import type { ServerAnswer } from "../../component/server.ts";
import { type AcceptedConnection, type BodyBudget, crowding } from "./connection.ts";
import { textAnswer, writeAnswer } from "./http-answer.ts";
import type { SettableReceipt } from "./receipt.ts";
import type { Waiting } from "./request-queue.ts";

/** What an exchange tells the connection that it runs on. */
export interface ExchangeEvents {
  /** The body is complete, and the request waits to be handled. */
  ready(exchange: HttpExchange): void;
  /** Whether the connection ends with the answer that is about to be given, which then says so. */
  isLast(exchange: HttpExchange): boolean;
  /** The answer was handed to the system in full. */
  answered(exchange: HttpExchange): void;
  /** The body is complete and the answer is out: nothing more happens here. */
  over(exchange: HttpExchange): void;
  rejected(reason: string, detail: string): void;
}

export interface ExchangeOptions {
  readonly connection: AcceptedConnection;
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  readonly receipt: SettableReceipt;
  readonly bodyBytesMax: number;
  readonly bodies: BodyBudget;
  /** When the body has to be there; monotonic. */
  readonly bodyDeadline: number;
  readonly events: ExchangeEvents;
}

/** One request over HTTP/1.1, from the end of its headers to the end of its answer. */
export class HttpExchange implements Waiting {
  readonly protocol = "http";
  readonly connection: AcceptedConnection;
  readonly path: string;
  readonly query: string;
  readonly receipt: SettableReceipt;
  readonly bodyDeadline: number;
  body: Uint8Array = EMPTY;
  /** Whether all of the body has come, and been kept or thrown away. */
  received = false;
  /** Whether an answer was begun. */
  answering = false;
  /** Whether the answer was handed over, and was a success or a refusal: the kinds worth proving. */
  outcome: "success" | "refusal" | undefined;
  readonly #options: ExchangeOptions;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(options: ExchangeOptions) {
    const target = originForm(options.message.url ?? "/");
    const mark = target.indexOf("?");
    this.#options = options;
    this.connection = options.connection;
    this.receipt = options.receipt;
    this.bodyDeadline = options.bodyDeadline;
    this.path = mark === -1 ? target : target.slice(0, mark);
    this.query = mark === -1 ? "" : target.slice(mark + 1);
  }

  get method(): string {
    return this.#options.message.method ?? "GET";
  }

  get signal(): AbortSignal {
    return this.connection.signal;
  }

  /** Read off the raw lines: Node joins the values of a header that comes twice. */
  header(name: string): string | undefined {
    const lines = this.#options.message.rawHeaders;
    for (let index = 0; index < lines.length; index += 2) {
      const candidate = lines[index]!;
      if (candidate.length === name.length && candidate.toLowerCase() === name) return lines[index + 1];
    }
    return undefined;
  }

  /** Begins to read the body, after the interim answer that `Expect: 100-continue` waits for. */
  receive(expectsContinue: boolean): void {
    const { message, response, bodyBytesMax } = this.#options;
    const declared = Number(message.headers["content-length"] ?? 0);
    if (declared > bodyBytesMax) this.#tooLarge(`${declared} bytes`);
    else if (expectsContinue) response.writeContinue();
    message.on("data", (chunk: Buffer) => this.#take(chunk));
    message.on("end", () => this.#end());
  }

  answer(answer: ServerAnswer): void {
    if (this.answering) {
      answer.done?.();
      return;
    }
    this.answering = true;
    const { response, receipt, events } = this.#options;
    this.#release();
    if (!this.connection.open || response.destroyed) {
      answer.done?.();
      return;
    }
    if (answer.done) response.once("close", answer.done);
    const outcome = answer.status === 200 ? "success" : answer.status === 503 ? "refusal" : undefined;
    if (outcome === undefined) receipt.settle("unknown");
    response.once("finish", () => {
      this.outcome = outcome;
      events.answered(this);
      if (this.received) events.over(this);
    });
    writeAnswer(response, answer, events.isLast(this));
  }

  overloaded(detail: string): void {
    this.#options.events.rejected("overloaded", detail);
    this.answer(OVERLOADED);
  }

  handlerFailed(error: unknown): void {
    this.#options.events.rejected("handler_failed", String(error));
    this.answer({ status: 500 });
  }

  /** The connection is gone: what is held of the body is given back. */
  drop(): void {
    this.#release();
  }

  #take(chunk: Buffer): void {
    if (this.answering) return; // What still comes behind an early answer is thrown away.
    const { bodyBytesMax, bodies } = this.#options;
    this.#bytes += chunk.length;
    bodies.bytes += chunk.length;
    if (this.#bytes > bodyBytesMax) this.#tooLarge("chunks");
    else {
      const crowded = crowding(bodies, this.#bytes);
      if (crowded === undefined) this.#chunks.push(chunk);
      else this.overloaded(crowded);
    }
  }

  #end(): void {
    this.received = true;
    if (this.answering) {
      if (this.#options.response.writableFinished) this.#options.events.over(this);
      return;
    }
    const chunks = this.#chunks;
    this.body = chunks.length === 1 ? chunks[0]! : chunks.length === 0 ? EMPTY : Buffer.concat(chunks, this.#bytes);
    this.#chunks = [];
    this.#options.events.ready(this);
  }

  #tooLarge(size: string): void {
    const { bodyBytesMax, events } = this.#options;
    events.rejected("too_large", `a body of ${size}, at most ${bodyBytesMax} bytes are taken`);
    this.answer(textAnswer(413, `the body is too large: at most ${bodyBytesMax} bytes are taken`));
  }

  #release(): void {
    this.#options.bodies.bytes -= this.#bytes;
    this.#bytes = 0;
    this.#chunks = [];
  }
}

const EMPTY = new Uint8Array(0);

const OVERLOADED: ServerAnswer = { status: 503, headers: { "Retry-After": "1" } };

/** A request through a proxy names the whole URL: what counts is its path and query. */
function originForm(target: string): string {
  if (target.startsWith("/")) return target;
  const path = /^[a-z]+:\/\/[^/?]*(.*)$/i.exec(target)?.[1];
  return path === undefined ? target : path.startsWith("/") ? path : `/${path}`;
}
