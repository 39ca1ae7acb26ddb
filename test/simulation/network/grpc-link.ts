import type { ServerAnswer } from "../../../src/component/server.ts";
import { AcceptedConnection, PROOF_TIMEOUT_MS } from "../../../src/kit/server/connection.ts";
import { openReceipt, type SettableReceipt } from "../../../src/kit/server/receipt.ts";
import type { Answer, Channel, News } from "../../../src/simulate/network.ts";
import { between, happens, type World } from "../world.ts";
import type { LinkOptions } from "./http-link.ts";
import { type Call, handle, TURN_MS } from "./request.ts";
import type { Listener, ServerSide } from "./sim-network.ts";
import { Wire } from "./wire.ts";

export interface GrpcChannelOptions extends LinkOptions {
  readonly token: string | undefined;
}

const CONNECT_TIMEOUT_MS = 20_000;

/** gRPC's own, as Go has it. */
const BACKOFF = { firstMs: 1_000, factor: 1.6, maxMs: 120_000, jitter: 0.2 };

/**
 * GOST's one connection to a gRPC observer: all calls share it. While it is down a call fails at once, and it is dialled
 * again only when gRPC's backoff is over.
 */
export class GrpcChannel implements Channel {
  readonly #options: GrpcChannelOptions;
  #link: GrpcLink | undefined;
  #failures = 0;
  #notBeforeMs = 0;
  #ended = false;

  constructor(options: GrpcChannelOptions) {
    this.#options = options;
  }

  async send(body: string | Uint8Array, news: News): Promise<Answer> {
    const { clock } = this.#options.world;
    if (this.#ended) return "failure";
    if (this.#link === undefined || this.#link.over) {
      if (clock.monotonic() < this.#notBeforeMs) return "failure";
      this.#link = new GrpcLink(this.#options);
    }
    const link = this.#link;
    if (!(await link.connected)) {
      if (link === this.#link) this.#backOff();
      return "failure";
    }
    this.#failures = 0;
    return link.call(typeof body === "string" ? Buffer.from(body) : body, news);
  }

  end(): void {
    this.#ended = true;
    this.#link?.end();
  }

  vanish(): void {
    this.#link?.vanish();
  }

  cut(): void {
    this.#link?.cut();
  }

  #backOff(): void {
    this.#link = undefined;
    const { firstMs, factor, maxMs, jitter } = BACKOFF;
    const ms = Math.min(maxMs, firstMs * factor ** this.#failures++);
    const { weather, world } = this.#options;
    this.#notBeforeMs = world.clock.monotonic() + ms * (1 + between(weather.random, -jitter, jitter));
  }
}

/** One connection, both ends of it. */
class GrpcLink {
  readonly connected: Promise<boolean>;
  readonly #options: GrpcChannelOptions;
  readonly #wire: Wire;
  readonly #calls = new Set<(answer: Answer) => void>();
  #connect: (connected: boolean) => void = () => {};
  #server: GrpcServerSide | undefined;
  #isConnected = false;
  #over = false;

  constructor(options: GrpcChannelOptions) {
    this.#options = options;
    this.#wire = new Wire(options.world, options.weather);
    this.connected = new Promise((resolve) => {
      this.#connect = resolve;
    });
    this.#wire.send("server", () => this.#dialled());
    options.world.clock.after(CONNECT_TIMEOUT_MS, () => {
      if (!this.#isConnected) this.#lost();
    });
  }

  get over(): boolean {
    return this.#over;
  }

  call(body: Uint8Array, news: News): Promise<Answer> {
    const { weather, token } = this.#options;
    if (this.#over) return Promise.resolve("failure");
    const trouble = weather.trouble();
    const call: Call = {
      path: "/proto.Observer/Observe",
      query: "",
      headers: token === undefined ? {} : { token },
      body,
      news,
      channel: this.#options,
    };
    return new Promise((resolve) => {
      this.#calls.add(resolve);
      if (trouble === "vanish_before") this.vanish();
      const answered = ({ status }: ServerAnswer, read: () => void) => {
        const delayMs = trouble === "stall_answer" ? weather.stallMs() : 0;
        this.#wire.send(
          "client",
          () => {
            if (this.#calls.delete(resolve)) resolve(status === 0 ? "success" : "failure");
            if (trouble === "cut_after") this.cut();
            if (trouble === "vanish_after") this.vanish();
            // The PING came right behind it.
            this.#wire.send("server", read);
          },
          delayMs,
        );
        if (trouble === "cut_answer") this.cut();
        if (trouble === "vanish_answer") this.vanish();
      };
      const arrived = () => {
        this.#server!.received(call, answered);
        if (trouble === "cut_during") this.cut();
      };
      this.#wire.send("server", arrived, trouble === "stall_before" ? weather.stallMs() : 0);
      if (this.#wire.state === "vanished") this.#noticeLater();
      else if (trouble === "cut_before") this.cut();
    });
  }

  /** GOST's process has ended, or its observer was replaced. */
  end(): void {
    this.#wire.send("server", () => this.#server?.lost());
    this.#lost();
  }

  cut(): void {
    if (this.#wire.state !== "up") return;
    const { clock } = this.#options.world;
    const { random } = this.#options.weather;
    this.#wire.cut();
    clock.after(between(random, 0, 5), () => this.#lost());
    if (this.#over)
      this.#server?.lost(); // Its end is on the way already.
    else if (happens(random, 0.8)) clock.after(between(random, 0, 5), () => this.#server?.lost());
    else this.#keepAliveFails();
  }

  vanish(): void {
    if (this.#wire.state !== "up") return;
    this.#wire.vanish();
    this.#keepAliveFails();
    if (this.#calls.size > 0) this.#noticeLater();
  }

  #dialled(): void {
    const { network, port, world, host, unknowns } = this.#options;
    const listener = network.listener(port);
    if (listener === undefined) {
      this.#wire.send("client", () => this.#lost());
      return;
    }
    this.#server = new GrpcServerSide(world, listener, host, {
      unknowns,
      end: () => this.#wire.send("client", () => this.#lost()),
    });
    this.#wire.send("client", () => {
      this.#isConnected = true;
      this.#connect(true);
    });
  }

  /** TCP sends again for a while, then gives up. */
  #noticeLater(): void {
    const { world, weather } = this.#options;
    world.clock.after(between(weather.random, 15_000, 40_000), () => this.#lost());
  }

  #keepAliveFails(): void {
    const { world, weather } = this.#options;
    world.clock.after(between(weather.random, 60_000, 150_000), () => this.#server?.lost());
  }

  #lost(): void {
    if (this.#over) return;
    this.#over = true;
    this.#connect(false);
    for (const fail of this.#calls) fail("failure");
    this.#calls.clear();
  }
}

interface Ways {
  readonly unknowns: () => number;
  readonly end: () => void;
}

type Reply = (answer: ServerAnswer, read: () => void) => void;

class GrpcServerSide implements ServerSide {
  readonly #world: World;
  readonly #listener: Listener;
  readonly #ways: Ways;
  readonly #connection: AcceptedConnection;
  readonly #inWork = new Set<SettableReceipt>();
  readonly #unproven = new Set<SettableReceipt>();
  #draining = false;
  #ended = false;

  constructor(world: World, listener: Listener, host: string, ways: Ways) {
    this.#world = world;
    this.#listener = listener;
    this.#ways = ways;
    const id = listener.nextConnectionId();
    this.#connection = new AcceptedConnection(id, { address: `${host}:${20_000 + (id % 40_000)}`, transport: "grpc" });
    listener.joined(this);
    listener.handler.opened?.(this.#connection);
  }

  received(call: Call, reply: Reply): void {
    if (this.#ended) return;
    if (this.#draining) {
      reply({ status: 14 }, () => {});
      return;
    }
    const receipt = openReceipt({ ask: () => {} });
    this.#inWork.add(receipt);
    this.#world.clock.after(TURN_MS, () => {
      if (this.#ended) return;
      handle(call, {
        listener: this.#listener,
        connection: this.#connection,
        protocol: "grpc",
        receipt,
        unknowns: this.#ways.unknowns,
        answered: (answer) => this.#answered(receipt, answer, reply),
        trace: this.#world.trace,
        now: () => this.#world.clock.monotonic(),
      });
    });
  }

  drain(): void {
    this.#draining = true;
    this.#endWhenDrained();
  }

  orphan(): void {
    if (this.#ended) return;
    this.#ways.end();
    this.lost();
  }

  /** The connection is gone. */
  lost(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#connection.end();
    this.#listener.left(this);
    if (!this.#listener.mortal.alive) return;
    for (const receipt of this.#unproven) receipt.settle("unknown");
    for (const receipt of this.#inWork) receipt.settle("unread");
    this.#listener.handler.closed?.(this.#connection);
  }

  #answered(receipt: SettableReceipt, answer: ServerAnswer, reply: Reply): void {
    this.#inWork.delete(receipt);
    if (this.#ended) return;
    if (answer.status !== 0) receipt.settle("unknown");
    else {
      this.#unproven.add(receipt);
      this.#world.clock.after(PROOF_TIMEOUT_MS, () => this.#proven(receipt, "unknown"));
    }
    reply(answer, () => this.#proven(receipt, "read"));
    this.#endWhenDrained();
  }

  #proven(receipt: SettableReceipt, verdict: "read" | "unknown"): void {
    if (!this.#unproven.delete(receipt) || !this.#listener.mortal.alive) return;
    receipt.settle(verdict);
    this.#endWhenDrained();
  }

  #endWhenDrained(): void {
    if (!this.#draining || this.#ended || this.#inWork.size + this.#unproven.size > 0) return;
    this.#ways.end();
    this.lost();
  }
}
