import type { Random } from "../../src/lib/random.ts";
import { Gost } from "../../src/simulate/gost.ts";
import { driveTraffic } from "../../src/simulate/traffic.ts";
import { befall } from "./fortune.ts";
import { NodeNetwork } from "./network/node-network.ts";
import type { SimNetwork } from "./network/sim-network.ts";
import { Weather } from "./network/weather.ts";
import type { NodeScenario, Scenario } from "./scenario.ts";
import { between, happens, type World } from "./world.ts";

export interface NodeOptions {
  readonly world: World;
  readonly network: SimNetwork;
  readonly scenario: Scenario;
  readonly node: NodeScenario;
  readonly unknowns: () => number;
}

/** So long the statuses of a reload may be on their way. */
const RELOAD_SETTLES_MS = 15_000;
/** So soon after something the next thing happens, where there is haste. */
const HASTE_MS_MAX = 3_000;
/** How often it is looked whether all was reported, and for how long. */
const QUIET_STEP_MS = 500;
const QUIET_MS_MAX = 60_000;

/** One GOST with its clients, its machine, and everything that befalls them. */
export class NodeLife {
  readonly gost: Gost;
  readonly #world: World;
  readonly #drive: () => readonly { stop(): void }[];
  /** What its clients do; nothing while they wait. */
  #traffic: readonly { stop(): void }[];
  readonly #careful: boolean;
  readonly #haste: { readonly random: Random; readonly share: number };
  #reloadedAtMs = Number.NEGATIVE_INFINITY;

  constructor({ world, network, scenario, node, unknowns }: NodeOptions) {
    const { gost: config } = node;
    const random = world.random(`node ${config.node}`);
    const weather = new Weather(world, scenario.network, `network ${config.node}`);
    const host = `10.0.0.${config.node.length}`;
    const machine = new NodeNetwork({ world, network, weather, port: 8000, host, unknowns }, node.patienceMs);
    this.#world = world;
    this.#haste = { random: world.random(`haste ${config.node}`), share: node.haste };
    const { clock, books } = world;
    this.gost = new Gost(config, { clock, random, network: machine, books });
    const rates = { pauseMeanMs: node.pauseMeanMs, transferMeanMs: 2_000, transfersMax: 5, refusedShare: 0.05 };
    const users = node.users;
    const trafficRandom = world.random(`traffic ${config.node}`);
    this.#drive = () => [
      driveTraffic({ clock, random: trafficRandom, gost: this.gost, users, ...rates }),
      this.#beat(node),
    ];
    this.#traffic = this.#drive();
    this.#careful = node.careful;
    this.#start();
    const again = () => clock.after(between(random, 50, 8_000), () => this.#start());
    const end = (how: string, meanMs: number, ended: () => void | Promise<void>) =>
      befall(world, random, meanMs, () => {
        if (!this.gost.running) return;
        this.#note(how);
        const ending = ended();
        if (ending === undefined) again();
        else void ending.then(again);
      });
    end("is killed", node.killMs, () => this.gost.kill());
    end("is terminated", node.termMs, () => this.gost.terminate());
    end("loses its power", node.powerLossMs, () => {
      machine.vanish();
      this.gost.kill();
    });
    befall(world, random, node.reloadMs, () => {
      // One that is still starting has its statuses on their way: theirs would come behind those of the reload.
      if (!this.#serves) return;
      if (this.#careful) this.#reloadWhenQuiet();
      else this.#reload();
    });
    befall(world, random, node.stumbleMs, () => void this.gost.service(config.services[0]!.name)?.stumble());
    befall(world, random, scenario.stormMs, () => {
      if (happens(random, 0.3)) machine.cut();
      if (happens(random, 0.5)) weather.heldUntilMs = clock.monotonic() + between(random, 500, 30_000);
      weather.foul = true;
      clock.after(between(random, 2_000, 60_000), () => {
        weather.foul = false;
      });
    });
  }

  /** Whether the end and the beginning of a reload may still be on their way. */
  get reloads(): boolean {
    return this.#world.clock.monotonic() - this.#reloadedAtMs < RELOAD_SETTLES_MS;
  }

  get #serves(): boolean {
    return this.gost.config.services.every(({ name }) => this.gost.service(name)?.serving);
  }

  /** Clients go home. */
  goHome(): void {
    this.#stopTraffic();
    this.#start();
  }

  #stopTraffic(): void {
    for (const part of this.#traffic) part.stop();
    this.#traffic = [];
  }

  #resumeTraffic(): void {
    if (this.#traffic.length === 0 && !this.#world.calm) this.#traffic = this.#drive();
  }

  #start(): void {
    if (this.gost.running || this.gost.ending) return;
    this.#note("starts");
    if (this.#careful) this.#stopTraffic(); // Until it is known that this is no beginning in haste.
    void this.gost.start().then(() => this.#hasten());
  }

  /** Once its clients have gone, and all that they did was reported. If that takes too long it is not reloaded. */
  #reloadWhenQuiet(): void {
    this.#stopTraffic();
    const { clock } = this.#world;
    const giveUpAtMs = clock.monotonic() + QUIET_MS_MAX;
    const tryIt = () => {
      if (this.#world.calm) return;
      if (this.#serves && this.gost.settled) this.#reload();
      else if (this.#serves && clock.monotonic() < giveUpAtMs) clock.after(QUIET_STEP_MS, tryIt);
      else this.#resumeTraffic();
    };
    clock.after(QUIET_STEP_MS, tryIt);
  }

  #reload(): void {
    this.#note("is reloaded");
    this.#reloadedAtMs = this.#world.clock.monotonic();
    void this.gost.reload().then(() => this.#hasten());
  }

  /** What has just begun may be over a moment later. */
  #hasten(): void {
    const { random, share } = this.#haste;
    if (!happens(random, share)) {
      this.#resumeTraffic();
      return;
    }
    this.#world.clock.after(between(random, 0, HASTE_MS_MAX), () => {
      if (this.#world.calm || !this.#serves) return;
      if (happens(random, 0.5)) {
        this.#reload();
        return;
      }
      this.#note("is killed in haste");
      this.gost.kill();
      this.#world.clock.after(between(random, 50, HASTE_MS_MAX), () => this.#start());
    });
  }

  #note(text: string): void {
    this.#world.trace.note(`gost ${this.gost.config.node} ${text}`);
  }

  /** Connections that move the same bytes in each period: their deltas are equal. */
  #beat({ heartbeats, gost: { services }, users }: NodeScenario): { stop(): void } {
    const beats = services.slice(0, heartbeats).map(({ name, handler, periodMs }) => {
      const { client } = users.find(({ service }) => service === name)!;
      const protocol = handler === "auto" ? "socks5" : handler;
      let connection = this.gost.service(name)?.connect(client, protocol);
      const cancel = this.#world.clock.every(periodMs, () => {
        if (!connection?.open) connection = this.gost.service(name)?.connect(client, protocol);
        connection?.move(100, 1_000);
      });
      return () => {
        cancel();
        connection?.close();
      };
    });
    return {
      stop() {
        for (const end of beats) end();
      },
    };
  }
}
