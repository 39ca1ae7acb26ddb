import { noTransport } from "../../../src/kit/client/transport.ts";
import { NEVER } from "../../../src/lib/abort.ts";
import type { Random } from "../../../src/lib/random.ts";
import { Agent } from "../../../src/service/agent.ts";
import type { AgentEnvironment } from "../../../src/service/environment.ts";
import type { Disk } from "../disk.ts";
import type { Backend } from "../network/backend.ts";
import type { SimNetwork } from "../network/sim-network.ts";
import type { Shown } from "../shown.ts";
import { between, happens, type World } from "../world.ts";
import type { Components } from "./components.ts";
import { Mortal, mortalClock } from "./mortal.ts";
import { tracedLog } from "./traced-log.ts";

export interface AgentHostOptions {
  readonly world: World;
  readonly network: SimNetwork;
  /** Where totals are sent; none in most lives. */
  readonly backend: Backend | undefined;
  readonly disk: Disk;
  readonly shown: Shown;
  readonly components: Components;
  /** Configurations that it is run with now: the first at the start, any of them after a reload; always as many. */
  readonly configs: () => readonly string[];
  /** A last change of the world that a process gets, for a bug of the world's edge. */
  readonly environment?: (environment: AgentEnvironment, mortal: Mortal) => AgentEnvironment;
}

interface Running {
  readonly mortal: Mortal;
  readonly agent: Agent;
  state: "starting" | "ready" | "stopping";
}

/** The machine of the agent: starts it, and starts it again when it ended, as a supervisor does. */
export class AgentHost {
  readonly #options: AgentHostOptions;
  readonly #random: Random;
  /** Which of the configurations it has. */
  #config = 0;
  #running: Running | undefined;
  #processes = 0;

  constructor(options: AgentHostOptions) {
    this.#options = options;
    this.#random = options.world.random("agent");
  }

  /** How many there were. */
  get processes(): number {
    return this.#processes;
  }

  get ready(): boolean {
    return this.#running?.state === "ready";
  }

  get present(): Mortal | undefined {
    return this.#running?.mortal;
  }

  async start(): Promise<void> {
    const { world } = this.#options;
    const mortal = new Mortal();
    const name = ++this.#processes;
    world.trace.note(`agent ${name} starts`);
    mortal.onDeath(() => {
      world.trace.note(`agent ${name} is dead`);
      this.#running = undefined;
      world.clock.after(world.calm ? 100 : this.#downtimeMs(), () => void this.start());
    });
    const agent = await this.#make(mortal, name);
    const running: Running = { mortal, agent, state: "starting" };
    this.#running = running;
    void agent.failed.then((error) => {
      world.trace.note(`agent ${name} failed: ${error.message}`);
      mortal.die();
    });
    try {
      await agent.start(NEVER);
      if (!mortal.alive) return;
      world.trace.note(`agent ${name} is ready`);
      if (running.state === "starting") running.state = "ready";
    } catch (thrown) {
      if (!mortal.alive) return;
      world.trace.note(`agent ${name} could not start: ${String(thrown)}`);
      mortal.die();
    }
  }

  /** SIGKILL, at once or at one of its next steps. */
  kill(): void {
    const mortal = this.#running?.mortal;
    if (mortal === undefined) return;
    if (happens(this.#random, 0.3)) mortal.die();
    else mortal.dieAtStep(1 + this.#random.integer(30));
  }

  /** SIGTERM, and a start when it has ended. */
  async terminate(): Promise<void> {
    const running = this.#running;
    if (running === undefined || running.state === "stopping") return;
    running.state = "stopping";
    this.#options.world.trace.note("agent gets SIGTERM");
    await running.agent.stop();
    running.mortal.die();
  }

  /** SIGHUP with another configuration. */
  async reload(): Promise<void> {
    const running = this.#running;
    if (running?.state !== "ready") return;
    const { configs, world } = this.#options;
    const texts = configs();
    this.#config = this.#random.integer(texts.length);
    world.trace.note("agent is reloaded");
    running.mortal.reloads++;
    try {
      await running.agent.reload(await this.#options.components.config(texts[this.#config]!));
      world.trace.note("agent has reloaded");
    } catch (thrown) {
      world.trace.note(`agent could not reload: ${String(thrown)}`);
    }
  }

  #downtimeMs(): number {
    return happens(this.#random, 0.7) ? between(this.#random, 20, 3_000) : between(this.#random, 3_000, 45_000);
  }

  async #make(mortal: Mortal, name: number): Promise<Agent> {
    const { world, network, backend, disk, shown, components, configs, environment = (same) => same } = this.#options;
    const clock = mortalClock(world.clock, mortal);
    const show = shown.by(mortal);
    const made: AgentEnvironment = {
      clock,
      random: world.random(`agent ${name}`),
      transport: backend?.transport(mortal) ?? noTransport,
      listen: network.listen(mortal),
      log: () => tracedLog(world.trace, mortal, (text) => shown.fail(text)),
      print: () => true,
      hostName: "agent-host",
      version: "0.0.0",
      readProcess: () => ({ cpuSeconds: 0, residentBytes: 0, heapUsedBytes: 0, heapTotalBytes: 0 }),
      store: disk.backend(mortal),
    };
    const changed = environment(made, mortal);
    components.show(changed, (batch) => {
      show(batch);
      backend?.owe(batch);
    });
    return new Agent(await components.config(configs()[this.#config]!), changed);
  }
}
