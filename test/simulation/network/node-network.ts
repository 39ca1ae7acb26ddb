import { httpPool } from "../../../src/simulate/http-pool.ts";
import type { Channel, Network, ObserverAddress } from "../../../src/simulate/network.ts";
import { GrpcChannel } from "./grpc-link.ts";
import { HttpLink, type LinkOptions } from "./http-link.ts";

/** The machine that one GOST runs on, with all its connections to the agent. */
export class NodeNetwork implements Network {
  readonly #options: LinkOptions;
  readonly #patienceMs: number | undefined;
  #links: (HttpLink | GrpcChannel)[] = [];

  constructor(options: LinkOptions, patienceMs: number | undefined) {
    this.#options = options;
    this.#patienceMs = patienceMs;
  }

  open(_node: string, { type, target, token }: ObserverAddress): Channel {
    if (type === "grpc") {
      const channel = new GrpcChannel({ ...this.#options, token });
      this.#links.push(channel);
      return channel;
    }
    const channel = {};
    return httpPool(() => {
      const link = new HttpLink({ ...this.#options, target, token, channel, patienceMs: this.#patienceMs });
      this.#links = this.#links.filter((other) => !(other instanceof HttpLink) || other.open);
      this.#links.push(link);
      return link;
    });
  }

  /** Every connection is reset. */
  cut(): void {
    for (const link of this.#links) link.cut();
  }

  /** From here on nothing gets through on any connection there is, and nobody is told: the machine lost its power. */
  vanish(): void {
    for (const link of this.#links) link.vanish();
  }
}
