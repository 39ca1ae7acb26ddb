import type { AgentEnvironment } from "../../src/service/environment.ts";
import { AgentHost } from "./agent/agent-host.ts";
import type { Components } from "./agent/components.ts";
import type { Mortal } from "./agent/mortal.ts";
import { audit, auditRestored } from "./audit.ts";
import { Disk } from "./disk.ts";
import { befall } from "./fortune.ts";
import { Backend } from "./network/backend.ts";
import { SimNetwork } from "./network/sim-network.ts";
import { NodeLife } from "./node-life.ts";
import { agentConfigs, drawScenario } from "./scenario.ts";
import { Imbalance, Shown } from "./shown.ts";
import { between, createWorld, oneOf } from "./world.ts";

/** By how much the clock is ahead once it was set: by a time server a little, or from what it was at the machine's start. */
const WALL_AHEAD_MS = [0, 0, 20, -20, 1_500, -1_500, 60_000, -60_000, 3_600_000, -3_600_000, 3e10, -3e10];

/** A life of ten virtual minutes: eight in which anything may happen, and two in which everything comes to rest. */
const TROUBLED_MS = 480_000;
const CALM_MS = 120_000;

/** How long it may take until GOST has delivered everything, once nothing is in its way. */
const PATIENCE_MS = 600_000;
const PATIENCE_STEP_MS = 10_000;

export interface LifeOptions {
  readonly components: Components;
  readonly environment?: (environment: AgentEnvironment, mortal: Mortal) => AgentEnvironment;
  /** Takes the lines of the trace. */
  readonly write?: (line: string) => void;
}

export interface LifeResult {
  readonly seed: number;
  /** What was wrong; undefined where the books balance. */
  readonly failure: string | undefined;
  readonly hash: string;
  readonly reports: number;
  readonly agents: number;
}

/** Lives one life, to its end or to the first thing that must not happen. */
export async function live(seed: number, options: LifeOptions): Promise<LifeResult> {
  const { components, environment } = options;
  const world = createWorld(seed, options.write);
  const scenario = drawScenario(world);
  if (options.write !== undefined) options.write(JSON.stringify(scenario));
  const disk = new Disk(world, scenario.disk);
  const shown = new Shown(world, scenario);
  const network = new SimNetwork(world);
  const backend = scenario.backend && new Backend(world, scenario.backend);
  const [named, renamed] = [agentConfigs(scenario), agentConfigs(scenario, "/renamed")];
  await components.prepare([...named, ...renamed]);
  const configs = () => (world.clock.monotonic() < scenario.renamedAtMs ? named : renamed);
  const machine = { world, network, backend, disk, shown, components, configs };
  const host = new AgentHost({ ...machine, ...(environment && { environment }) });
  let failure: string | undefined;
  try {
    await run();
  } catch (thrown) {
    if (!(thrown instanceof Imbalance)) throw thrown;
    failure = thrown.message;
    world.trace.note(`IMBALANCE ${failure}`);
  }
  const reports = network.requests;
  return { seed, failure, hash: world.trace.hash, reports, agents: host.processes };

  async function run(): Promise<void> {
    void host.start();
    const unknowns = () => disk.unknowns;
    const nodes = scenario.nodes.map((node) => new NodeLife({ world, network, scenario, node, unknowns }));
    troubleAgent(nodes);
    await pass(TROUBLED_MS);
    world.trace.note("the calm begins");
    world.calm = true;
    disk.full = false;
    if (backend !== undefined) backend.down = false;
    for (const node of nodes) node.goHome();
    await pass(CALM_MS);
    const settled = () => nodes.every(({ gost }) => gost.settled);
    await until(settled, "GOST cannot deliver its reports, though nothing is in its way");
    audit(world, scenario, shown);
    await auditSent();
    auditShownAgain();
    host.present?.die();
    await pass(5_000);
    if (!host.ready) throw new Imbalance("the agent does not start");
    audit(world, scenario, shown);
    auditShownAgain();
    await auditSent();
  }

  function auditShownAgain(): void {
    if (host.present === undefined || scenario.archiveAfterMs > 0) return; // What rests is shown when it is reported again.
    auditRestored(world, shown, host.present);
  }

  async function auditSent(): Promise<void> {
    if (backend === undefined) return;
    await until(() => backend.owed === 0, "the backend is not sent all that was shown, though nothing is in the way");
    backend.audit(shown);
  }

  async function until(isSo: () => boolean, complaint: string): Promise<void> {
    for (let waitedMs = 0; !isSo(); waitedMs += PATIENCE_STEP_MS) {
      if (waitedMs >= PATIENCE_MS) throw new Imbalance(complaint);
      await pass(PATIENCE_STEP_MS);
    }
  }

  async function pass(ms: number): Promise<void> {
    for (let leftMs = ms; leftMs > 0; leftMs -= 1_000) {
      await world.clock.advanceAsync(Math.min(leftMs, 1_000));
      const imbalance = shown.imbalance ?? backend?.imbalance;
      if (imbalance !== undefined) throw imbalance;
    }
  }

  function troubleAgent(nodes: readonly NodeLife[]): void {
    const { agentKillMs, agentTermMs, agentReloadMs, renamedAtMs, diskFullMs, backend: its } = scenario;
    const random = world.random("agent's troubles");
    if (Number.isFinite(renamedAtMs)) world.clock.after(renamedAtMs, () => void host.reload());
    befall(world, random, agentKillMs, () => host.kill());
    befall(world, random, agentTermMs, () => void host.terminate());
    befall(world, random, agentReloadMs, () => void host.reload());
    if (backend !== undefined && its !== undefined) {
      befall(world, world.random("outages"), its.outageMs, () => {
        backend.down = true;
        world.clock.after(between(random, 1_000, its.outageMsMax), () => {
          backend.down = false;
        });
      });
    }
    const clockRandom = world.random("clock's settings");
    const beganAt = world.clock.now() - world.clock.monotonic();
    befall(world, clockRandom, scenario.clockSetMs, () => {
      // An end and a beginning are of one reload where they come close together, and a clock that is set says nothing of it.
      if (nodes.some(({ reloads }) => reloads)) return;
      const aheadMs = oneOf(clockRandom, WALL_AHEAD_MS);
      world.clock.setWallTime(beganAt + world.clock.monotonic() + aheadMs);
      world.trace.note(`the clock is set ${aheadMs} ms ahead`);
    });
    befall(world, random, diskFullMs, () => {
      disk.full = true;
      world.clock.after(between(random, 1_000, 60_000), () => {
        disk.full = false;
      });
    });
  }
}
