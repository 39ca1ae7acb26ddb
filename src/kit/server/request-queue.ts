import type { ServerAnswer, ServerHandler, ServerRequest } from "../../component/server.ts";
import type { Clock } from "../../lib/clock.ts";

/** A complete request that waits to be handled; each is answered in one of these ways. */
export interface Waiting extends ServerRequest {
  answer(answer: ServerAnswer): void;
  /** There is too much to do. */
  overloaded(detail: string): void;
  /** BUG: a handler must not throw. */
  handlerFailed(error: unknown): void;
}

/** A request that is larger is work enough to be refused for want of time; others are as fast answered as refused. */
export const LARGE_BODY_BYTES = 16 * 1024;

/** How long requests are handled before the event loop looks at its sockets again. */
const SLICE_MS = 20;
/** For so long an answer is held back while others are handled, so that they go out together. */
const HELD_MS_MAX = 0.5;
/** No answer waits for a larger body, which would take that long by itself. */
const HELD_FOR_BYTES_MAX = 64 * 1024;
/** Well below GOST's own patience of 5 s: who has waited longer here may have waited for as long in the network. */
const WAIT_MS_MAX = 1_000;

/**
 * The complete requests of all connections, in the order in which they came.
 *
 * They are handled once the event loop has looked at all sockets again. A peer that gave up while this process was
 * stalled, or that died right after it sent, has its end waiting in the kernel behind its request, and Node tells of it
 * only at the next look: a request that is handled at once would be answered to nobody, and that peer's end would pass
 * for the proof that it was read. Such a request is handled all the same (GOST's last words are sent in this way), with a
 * receipt that says `unread` from the start.
 *
 * Where more comes than can be handled the wait is bounded: large requests that waited too long are refused, which takes
 * no time, so that those behind them are answered while somebody waits for it. Small ones are as fast answered as refused.
 *
 * The answers of requests that were handled at once go out together, a moment later. A peer on the same machine, as GOST
 * is, has fallen asleep again after each that goes out alone, and to wake it is nearly half of what the system needs for an
 * answer.
 */
export class RequestQueue {
  readonly #handler: ServerHandler;
  readonly #clock: Clock;
  #waiting: { readonly request: Waiting; readonly cameAt: number; readonly turn: number }[] = [];
  #first = 0;
  #turn = 0;
  #accepted = false;
  /** What is held back, oldest first. */
  #answers: { readonly request: Waiting; readonly answer: ServerAnswer }[] = [];

  constructor(handler: ServerHandler, clock: Clock) {
    this.#handler = handler;
    this.#clock = clock;
  }

  /** `cameAt`: when its last byte came; monotonic. */
  add(request: Waiting, cameAt = this.#clock.monotonic()): void {
    this.#waiting.push({ request, cameAt, turn: this.#turn });
    if (this.#waiting.length === 1) setImmediate(this.#tick);
  }

  /**
   * A connection was accepted. libuv accepts one in each turn of the event loop, so where one came others may wait: the
   * next turn is kept short, or with turns of 20 ms the last of 250 would wait for 5 s.
   */
  accepted(): void {
    this.#accepted = true;
  }

  readonly #tick = (): void => {
    this.#turn++;
    const startedAt = this.#clock.monotonic();
    const sliceMs = this.#accepted ? 0 : SLICE_MS;
    this.#accepted = false;
    let heldSince = startedAt;
    for (let now = startedAt; this.#first < this.#waiting.length; now = this.#clock.monotonic()) {
      const { request, cameAt, turn } = this.#waiting[this.#first]!;
      // What came in the turn that ends here waits for the next look.
      if (this.#turn - turn < 2 || now - startedAt > sliceMs) break;
      this.#first++;
      if (now - heldSince > HELD_MS_MAX || request.body.length > HELD_FOR_BYTES_MAX) {
        this.#sendAnswers();
        heldSince = now;
      }
      if (request.body.length > LARGE_BODY_BYTES && now - cameAt > WAIT_MS_MAX)
        request.overloaded("too much came at once");
      else this.#handle(request);
    }
    this.#sendAnswers();
    if (this.#first === this.#waiting.length) {
      this.#waiting = [];
      this.#first = 0;
      return;
    }
    if (this.#first >= HANDLED_MAX) {
      this.#waiting.splice(0, this.#first);
      this.#first = 0;
    }
    setImmediate(this.#tick);
  };

  #handle(request: Waiting): void {
    try {
      const answer = this.#handler.request(request);
      if (answer instanceof Promise) {
        answer.then((settled) => request.answer(settled)).catch((error: unknown) => request.handlerFailed(error));
      } else this.#answers.push({ request, answer });
    } catch (error) {
      request.handlerFailed(error);
    }
  }

  #sendAnswers(): void {
    if (this.#answers.length === 0) return;
    const answers = this.#answers;
    this.#answers = [];
    for (const { request, answer } of answers) {
      try {
        request.answer(answer);
      } catch (error) {
        request.handlerFailed(error);
      }
    }
  }
}

/** Requests that were handled are taken out of the list when they are so many, or when it is through. */
const HANDLED_MAX = 1_000;
