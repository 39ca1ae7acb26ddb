import type { ServerAnswer } from "../../../src/component/server.ts";
import { AcceptedConnection, ASK_PAUSE_MS, isPromptEnd, PROOF_TIMEOUT_MS } from "../../../src/kit/server/connection.ts";
import { openReceipt, type SettableReceipt } from "../../../src/kit/server/receipt.ts";
import type { Cancel } from "../../../src/lib/clock.ts";
import type { ReceiptState } from "../../../src/model/source-facts.ts";
import type { HttpConnection, HttpReply } from "../../../src/simulate/http-pool.ts";
import type { News } from "../../../src/simulate/network.ts";
import { between, happens, type World } from "../world.ts";
import { type Call, handle, TURN_MS } from "./request.ts";
import type { Listener, ServerSide, SimNetwork } from "./sim-network.ts";
import type { Trouble, Weather } from "./weather.ts";
import { Wire } from "./wire.ts";

export interface LinkOptions {
  readonly world: World;
  readonly network: SimNetwork;
  readonly weather: Weather;
  readonly port: number;
  /** Of the machine that dials. */
  readonly host: string;
  readonly unknowns: () => number;
}

export interface HttpLinkOptions extends LinkOptions {
  readonly target: string;
  readonly token: string | undefined;
  readonly channel: object;
  /** `plugin.timeout`: how long GOST waits for an answer; undefined is for ever. */
  readonly patienceMs: number | undefined;
}

type Outcome = HttpReply | { readonly broken: true; readonly taken: false };

const BROKEN: Outcome = { broken: true, taken: false };

/**
 * One HTTP/1.1 connection from GOST to the agent, both ends of it. What is called client here is GOST's kernel and Go's
 * transport; what is called server proves answers read as docs/specs/server.md says.
 */
export class HttpLink implements HttpConnection {
  readonly #options: HttpLinkOptions;
  readonly #wire: Wire;
  readonly #path: string;
  readonly #query: string;
  #state: "open" | "closed" = "open";
  #pending: ((outcome: Outcome) => void) | undefined;
  #trouble: Trouble | undefined;
  #server: HttpServerSide | undefined;
  /** Answers that arrived: what GOST's kernel acknowledges with whatever it sends. */
  #acknowledged = 0;
  #cancelPatience: Cancel = () => {};

  constructor(options: HttpLinkOptions) {
    this.#options = options;
    this.#wire = new Wire(options.world, options.weather);
    const mark = options.target.indexOf("?");
    this.#path = mark === -1 ? options.target : options.target.slice(0, mark);
    this.#query = mark === -1 ? "" : options.target.slice(mark + 1);
  }

  get open(): boolean {
    return this.#state === "open";
  }

  request(body: string | Uint8Array, news: News): Promise<Outcome> {
    const { weather, token, patienceMs, world } = this.#options;
    const trouble = weather.trouble();
    this.#trouble = trouble;
    const call: Call = {
      path: this.#path,
      query: this.#query,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      body: typeof body === "string" ? Buffer.from(body) : body,
      news,
      channel: this.#options.channel,
    };
    const outcome = new Promise<Outcome>((resolve) => {
      this.#pending = resolve;
    });
    if (patienceMs !== undefined) this.#cancelPatience = world.clock.after(patienceMs, () => this.#giveUp());
    if (trouble === "vanish_before") this.vanish();
    this.#wire.send("server", () => this.#arrived(call), trouble === "stall_before" ? weather.stallMs() : 0);
    if (this.#wire.state === "vanished") this.#noticeLater();
    else if (trouble === "cut_before") this.cut();
    return outcome;
  }

  /** GOST ends the connection: it has no use for it, or its process ended. */
  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#end(BROKEN);
    this.#sendEnd();
  }

  /** Both ends are reset. Sometimes the server's is not told. */
  cut(): void {
    if (this.#wire.state !== "up") return;
    const { clock } = this.#options.world;
    const { random } = this.#options.weather;
    this.#wire.cut();
    clock.after(between(random, 0, 5), () => this.#reset());
    if (happens(random, 0.8)) clock.after(between(random, 0, 5), () => this.#server?.reset());
    else this.#keepAliveFails();
  }

  /** From here on nothing gets through, and nobody is told. */
  vanish(): void {
    if (this.#wire.state !== "up") return;
    this.#wire.vanish();
    this.#keepAliveFails();
    if (this.#pending !== undefined) this.#noticeLater();
  }

  #arrived(call: Call): void {
    const { network, port, world, unknowns } = this.#options;
    if (this.#server === undefined) {
      const listener = network.listener(port);
      if (listener === undefined) {
        this.#wire.send("client", () => this.#reset());
        return;
      }
      this.#server = new HttpServerSide(world, listener, this.#options.host, {
        answer: (answer) => this.#answer(answer),
        end: () => this.#wire.send("client", () => this.#serverEnded()),
        reset: () => this.#wire.send("client", () => this.#reset()),
        unknowns,
      });
    }
    this.#server.received(call);
    if (this.#trouble === "cut_during") world.clock.after(2 * TURN_MS, () => this.cut());
  }

  #answer({ status, body = "" }: ServerAnswer): void {
    const { weather } = this.#options;
    const trouble = this.#trouble;
    const reply = { status, body: typeof body === "string" ? body : Buffer.from(body).toString() };
    this.#wire.send("client", () => this.#replied(reply), trouble === "stall_answer" ? weather.stallMs() : 0);
    if (trouble === "cut_answer") this.cut();
    if (trouble === "vanish_answer") this.vanish();
  }

  #replied(reply: HttpReply): void {
    if (this.#pending === undefined) {
      // Whoever closed its end before has no use for this: the kernel says so.
      this.#wire.send("server", () => this.#server?.reset());
      return;
    }
    this.#acknowledged++;
    const trouble = this.#trouble;
    this.#end(reply);
    if (trouble === "cut_after") this.cut();
    if (trouble === "vanish_after") this.vanish();
  }

  #serverEnded(): void {
    if (this.#state === "closed") return;
    this.close();
  }

  #reset(): void {
    this.#state = "closed";
    this.#end(BROKEN);
  }

  /**
   * GOST sends the same again on another connection, and the end of this one may come behind that by a little only: one
   * that came much later would look like the reply to our asking for it, and nobody could tell.
   */
  #giveUp(): void {
    this.#state = "closed";
    this.#end(BROKEN);
    this.#sendEnd(false);
  }

  #sendEnd(isInOrder?: boolean): void {
    const acknowledged = this.#acknowledged;
    this.#wire.send("server", () => this.#server?.peerEnded(acknowledged), 0, isInOrder);
  }

  /** TCP sends again for a while, then gives up. */
  #noticeLater(): void {
    const { world, weather } = this.#options;
    world.clock.after(between(weather.random, 15_000, 40_000), () => this.#reset());
  }

  #keepAliveFails(): void {
    const { world, weather } = this.#options;
    world.clock.after(between(weather.random, 60_000, 150_000), () => this.#server?.reset());
  }

  #end(outcome: Outcome): void {
    const pending = this.#pending;
    this.#pending = undefined;
    this.#cancelPatience();
    pending?.(outcome);
  }
}

interface Ways {
  readonly answer: (answer: ServerAnswer) => void;
  readonly end: () => void;
  readonly reset: () => void;
  readonly unknowns: () => number;
}

type Verdict = Exclude<ReceiptState, "open">;

class HttpServerSide implements ServerSide {
  readonly #world: World;
  readonly #listener: Listener;
  readonly #ways: Ways;
  readonly #connection: AcceptedConnection;
  #state: "serving" | "ending" | "ended" = "serving";
  #inWork: SettableReceipt | undefined;
  #unproven: SettableReceipt[] = [];
  #unprovenRefusals: SettableReceipt[] = [];
  /** When the last answer was out, in milliseconds since the epoch. */
  #answeredAt = 0;
  #endWhenAnswered = false;
  #cancelAsking: Cancel | undefined;
  #lastRequestAtMs = 0;
  #lastAnswerAtMs = 0;
  #answers = 0;

  constructor(world: World, listener: Listener, host: string, ways: Ways) {
    this.#world = world;
    this.#listener = listener;
    this.#ways = ways;
    const id = listener.nextConnectionId();
    this.#connection = new AcceptedConnection(id, { address: `${host}:${20_000 + (id % 40_000)}`, transport: "http" });
    listener.joined(this);
    listener.handler.opened?.(this.#connection);
  }

  received(call: Call): void {
    if (this.#state === "ended") {
      this.#ways.reset();
      return;
    }
    if (this.#state === "ending") {
      if (this.#alive) this.#listener.handler.rejected?.("after_end", this.#connection, "a request after the end");
      return;
    }
    this.#settle("read", "refusal_read");
    this.#cancelAsking?.();
    this.#cancelAsking = undefined;
    this.#lastRequestAtMs = this.#world.clock.monotonic();
    const receipt = openReceipt({ ask: () => this.#ask() }, this.#answeredAt);
    this.#inWork = receipt;
    this.#world.clock.after(TURN_MS, () => {
      const { unknowns } = this.#ways;
      const answered = (answer: ServerAnswer) => this.#answered(receipt, answer);
      handle(call, {
        listener: this.#listener,
        connection: this.#connection,
        protocol: "http",
        receipt,
        unknowns,
        answered,
        trace: this.#world.trace,
        now: () => this.#world.clock.monotonic(),
      });
    });
  }

  drain(): void {
    if (this.#inWork === undefined) this.#end();
    else this.#endWhenAnswered = true;
  }

  orphan(): void {
    if (this.#state === "ended") return;
    this.#settle("unknown", "unknown");
    this.#over();
    this.#ways.reset();
  }

  /** A FIN, with no reset before it; so many answers had arrived where it came from. */
  peerEnded(acknowledged: number): void {
    if (this.#state === "ended") return;
    if (acknowledged < this.#answers) this.#settle("unread", "unread");
    const isPrompt = isPromptEnd(this.#world.clock.monotonic(), this.#lastRequestAtMs, this.#lastAnswerAtMs);
    const wasAsked = this.#state === "ending";
    this.#settle(wasAsked || isPrompt ? "read" : "unknown", wasAsked ? "refusal_read" : "unread");
    this.#over();
  }

  reset(): void {
    if (this.#state === "ended") return;
    this.#settle("unread", "unread");
    this.#over();
  }

  get #alive(): boolean {
    return this.#listener.mortal.alive;
  }

  #answered(receipt: SettableReceipt, answer: ServerAnswer): void {
    if (this.#state === "ended") return;
    this.#answeredAt = this.#world.clock.now();
    this.#lastAnswerAtMs = this.#world.clock.monotonic();
    if (answer.status === 200) this.#unproven.push(receipt);
    else if (answer.status === 503) this.#unprovenRefusals.push(receipt);
    else receipt.settle("unknown");
    this.#inWork = undefined;
    this.#answers++;
    this.#ways.answer(answer);
    if (this.#endWhenAnswered) this.#end();
  }

  #ask(): void {
    if (this.#state !== "serving") return;
    this.#cancelAsking ??= this.#world.clock.after(ASK_PAUSE_MS, () => {
      this.#cancelAsking = undefined;
      if (this.#inWork !== undefined) this.#ask();
      else if (this.#unproven.length + this.#unprovenRefusals.length > 0) this.#end();
    });
  }

  #end(): void {
    if (this.#state !== "serving" || !this.#listener.mortal.step()) return;
    this.#state = "ending";
    this.#connection.endedByUs = true;
    this.#ways.end();
    this.#world.clock.after(PROOF_TIMEOUT_MS, () => this.reset());
  }

  #over(): void {
    this.#state = "ended";
    this.#connection.end();
    this.#inWork?.settle("unread");
    this.#listener.left(this);
    if (this.#alive) this.#listener.handler.closed?.(this.#connection);
  }

  #settle(successes: Verdict, refusals: Verdict): void {
    if (!this.#alive) return;
    for (const receipt of this.#unproven.splice(0)) receipt.settle(successes);
    for (const receipt of this.#unprovenRefusals.splice(0)) receipt.settle(refusals);
  }
}
