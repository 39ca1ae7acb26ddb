import type { ServerAnswer } from "../../component/server.ts";
import { type AcceptedConnection, type BodyBudget, crowding } from "./connection.ts";
import { textAnswer } from "./http-answer.ts";
import type { SettableReceipt } from "./receipt.ts";
import type { Waiting } from "./request-queue.ts";

/** What stands before the body. */
export interface RequestHead {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** The first value of a header, whose name is given in lower case. */
  header(name: string): string | undefined;
}

/** Where the answer goes. */
export interface Reply {
  /** False once nobody is there to get it. */
  readonly open: boolean;
  /** Calls `sent` when the system has all of it, if it comes to that, and the answer's `done` in any case. */
  write(answer: ServerAnswer, isLast: boolean, sent: () => void): void;
}

/** What an exchange tells the connection that it runs on. */
export interface ExchangeEvents {
  /** The body is complete, and the request waits to be handled. */
  ready(exchange: HttpExchange): void;
  /** Whether all before it were answered. */
  isNext(exchange: HttpExchange): boolean;
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
  readonly head: RequestHead;
  readonly reply: Reply;
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
  /** Whether there is an answer, out or not. */
  answering = false;
  /** Whether the answer was handed over, and was a success or a refusal: the kinds worth proving. */
  outcome: "success" | "refusal" | undefined;
  readonly #options: ExchangeOptions;
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** The answer, while others have to go out before it. */
  #answer: ServerAnswer | undefined;
  #sent = false;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.connection = options.connection;
    this.receipt = options.receipt;
    this.bodyDeadline = options.bodyDeadline;
    this.path = options.head.path;
    this.query = options.head.query;
  }

  get method(): string {
    return this.#options.head.method;
  }

  get signal(): AbortSignal {
    return this.connection.signal;
  }

  header(name: string): string | undefined {
    return this.#options.head.header(name);
  }

  /** Whether a body of so many bytes is taken; it is refused at once where not. */
  expect(bytes: number): boolean {
    const fits = bytes <= this.#options.bodyBytesMax;
    if (!fits) this.#tooLarge(`${bytes} bytes`);
    return fits;
  }

  take(chunk: Buffer): void {
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

  /** The body is complete. */
  end(): void {
    this.received = true;
    if (this.answering) {
      if (this.#sent) this.#options.events.over(this);
      return;
    }
    const chunks = this.#chunks;
    this.body = chunks.length === 1 ? chunks[0]! : chunks.length === 0 ? EMPTY : Buffer.concat(chunks, this.#bytes);
    this.#chunks = [];
    this.#options.events.ready(this);
  }

  answer(answer: ServerAnswer): void {
    if (this.answering) {
      answer.done?.();
      return;
    }
    this.answering = true;
    this.#release();
    this.#answer = answer;
    if (!this.connection.open || this.#options.events.isNext(this)) this.flush();
  }

  /** Nothing has to go out before the answer any more, if there is one. */
  flush(): void {
    const answer = this.#answer;
    if (answer === undefined) return;
    this.#answer = undefined;
    const { reply, receipt, events } = this.#options;
    if (!this.connection.open || !reply.open) {
      answer.done?.();
      return;
    }
    const outcome = answer.status === 200 ? "success" : answer.status === 503 ? "refusal" : undefined;
    if (outcome === undefined) receipt.settle("unknown");
    reply.write(answer, events.isLast(this), () => {
      this.#sent = true;
      this.outcome = outcome;
      events.answered(this);
      if (this.received) events.over(this);
    });
  }

  overloaded(detail: string): void {
    this.#options.events.rejected("overloaded", detail);
    this.answer(OVERLOADED);
  }

  handlerFailed(error: unknown): void {
    this.#options.events.rejected("handler_failed", String(error));
    this.answer({ status: 500 });
  }

  /** The connection is gone: what is held of the body and of the answer is given back. */
  drop(): void {
    this.#release();
    this.flush();
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

/** The path and the query of what a request asks for: of a path with its query, or a whole URL. */
export function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const text = originForm(target);
  const mark = text.indexOf("?");
  return mark === -1 ? { path: text, query: "" } : { path: text.slice(0, mark), query: text.slice(mark + 1) };
}

/** A request through a proxy names the whole URL: what counts is its path and query. */
function originForm(target: string): string {
  if (target.startsWith("/")) return target;
  const path = /^[a-z]+:\/\/[^/?]*(.*)$/i.exec(target)?.[1];
  return path === undefined ? target : path.startsWith("/") ? path : `/${path}`;
}
