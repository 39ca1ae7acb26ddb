import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { Books } from "./books.ts";
import type { Channel, Network, News, ObserverAddress } from "./network.ts";
import { type GostEvent, reportJson } from "./report.ts";
import { reportProtobuf } from "./report-protobuf.ts";
import { Service } from "./service.ts";
import type { SendResult, ServiceConfig } from "./service-config.ts";

export interface GostConfig {
  /** The node's name in the truth; GOST itself tells nobody. */
  readonly node: string;
  readonly observer: ObserverAddress;
  readonly services: readonly ServiceConfig[];
}

/** What all nodes of a world share. */
export interface World {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly books: Books;
}

/** How long GOST has no observer of the configured name while it reloads, at the most. */
const RELOAD_GAP_MS = 1;

/**
 * A model of GOST as far as an observer plugin sees it: what it counts, when it reports, what it repeats, and what it
 * loses. It does what the real program does, its faults included. One node: a process at a time, started and ended at will.
 */
export class Gost {
  readonly config: GostConfig;
  readonly #world: World;
  #process: Process | undefined;
  /** The one that was told to end, while it says so. */
  #ending: Process | undefined;

  constructor(config: GostConfig, world: World) {
    this.config = config;
    this.#world = world;
  }

  get running(): boolean {
    return this.#process !== undefined;
  }

  /** Whether a process that was told to end is still there. */
  get ending(): boolean {
    return this.#ending !== undefined;
  }

  /** Reports that wait for their answers. */
  get callsInFlight(): number {
    return this.#process?.callsInFlight ?? 0;
  }

  /** Whether nothing is left to be reported, or will ever be. */
  get settled(): boolean {
    return this.#process?.settled ?? true;
  }

  /** The present life of a service; undefined while the process is not running. */
  service(name: string): Service | undefined {
    return this.#process?.services.get(name);
  }

  /** A new process. Resolves when all its services serve; one status call that hangs holds all of them up. */
  async start(): Promise<void> {
    if (this.running) return;
    this.#process = new Process(this.config, this.#world);
    await this.#process.start();
  }

  /** `POST /config/reload`. */
  async reload(): Promise<void> {
    await this.#process?.reload();
  }

  /** SIGKILL: nothing is told, nothing flushed. */
  kill(): void {
    this.#ending?.end();
    this.#ending = undefined;
    this.#process?.end();
    this.#process = undefined;
  }

  /** SIGTERM: `closed` may or may not get out; counters are not flushed. */
  async terminate(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    this.#ending = process;
    await process?.sayClosed();
    process?.end();
    if (this.#ending === process) this.#ending = undefined;
  }
}

class Process {
  readonly services = new Map<string, Service>();
  callsInFlight = 0;
  readonly #config: GostConfig;
  readonly #world: World;
  /** Every instance and every channel of this process, replaced ones included: they live on. */
  readonly #instances: Service[] = [];
  readonly #channels: Channel[] = [];
  /** `absent`: not there for a moment, while it is replaced. `closed`: there, and of no use any more. */
  #observer: Channel | "absent" | "closed";
  #ended = false;

  constructor(config: GostConfig, world: World) {
    this.#config = config;
    this.#world = world;
    this.#observer = this.#openChannel();
  }

  async start(): Promise<void> {
    for (const config of this.#config.services) {
      await this.#create(config).tell("running");
      if (this.#ended) return;
    }
    await Promise.all([...this.services.values()].map((service) => service.serve()));
  }

  /**
   * Every service is made anew. `closed` of the old one and `running` of the new one are told at the same time, in
   * either order. A gRPC observer does not survive: its connection is closed, and every call fails from then on.
   */
  async reload(): Promise<void> {
    await this.#replaceObserver();
    for (const config of this.#config.services) {
      if (this.#ended) return;
      const old = this.services.get(config.name);
      const fresh = this.#create(config);
      old?.close();
      const tellings = [() => fresh.tell("running"), () => old?.tell("closed")];
      if (this.#world.random.float() < 0.5) tellings.reverse();
      await Promise.all(tellings.map((tell) => tell()));
      await fresh.serve();
    }
  }

  get settled(): boolean {
    if (this.#observer === "closed") return true;
    return this.callsInFlight === 0 && this.#instances.every(({ settled }) => settled);
  }

  async sayClosed(): Promise<void> {
    if (this.#config.observer.type === "grpc") this.#observer = "closed";
    const heard = [...this.services.values()].filter(() => this.#world.random.float() < 0.5);
    await Promise.all(heard.map((service) => service.tell("closed")));
  }

  end(): void {
    this.#ended = true;
    for (const service of this.#instances) service.end();
    for (const channel of this.#channels) channel.end();
  }

  #create(config: ServiceConfig): Service {
    const { clock, random, books } = this.#world;
    const { node } = this.#config;
    const service = new Service(config, {
      process: this,
      node,
      clock,
      random,
      books,
      send: (events, news) => this.#send(events, news),
    });
    this.#instances.push(service);
    this.services.set(config.name, service);
    return service;
  }

  #openChannel(): Channel {
    const channel = this.#world.network.open(this.#config.node, this.#config.observer);
    this.#channels.push(channel);
    return channel;
  }

  async #replaceObserver(): Promise<void> {
    if (this.#config.observer.type === "grpc") {
      this.#observer = "closed";
      return;
    }
    const { clock, random } = this.#world;
    this.#observer = "absent";
    await new Promise<void>((resolve) => clock.after(random.float() * RELOAD_GAP_MS, resolve));
    if (!this.#ended) this.#observer = this.#openChannel();
  }

  async #send(events: readonly GostEvent[], news: News): Promise<SendResult> {
    const observer = this.#observer;
    if (this.#ended || observer === "closed") return "failure";
    if (observer === "absent") return "unsent";
    const body = this.#config.observer.type === "grpc" ? reportProtobuf(events) : reportJson(events);
    this.callsInFlight++;
    try {
      return await observer.send(body, news);
    } finally {
      this.callsInFlight--;
    }
  }
}
