import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { seededRandom } from "../../src/lib/random.ts";
import { createFlood, expectCounted, type Flood, nodeName } from "../interop/harness/flood.ts";
import { startGostcol } from "../interop/harness/gostcol.ts";
import { temporaryFolder } from "../interop/harness/temporary-folder.ts";

// The whole process ends, one way or another, while many connections wait for their answers. They repeat what was not
// answered, as GOST does; in the end every report must be there, once.

const SHAPE = { nodes: 4, emittersPerNode: 12, clients: 10 };
const PER_SECOND = 2000;
const ENDS = 3;
/** So many reports are taken in each life at least, a hundred in all, then it ends at any moment. */
const TAKEN_IN_LIFE = 34;

const WAYS = (["http", "grpc"] as const).flatMap(
  (protocol) =>
    [
      { protocol, what: "SIGTERM", signals: ["SIGTERM"] },
      { protocol, what: "SIGKILL", signals: ["SIGKILL"] },
      { protocol, what: "SIGKILL in a reload", signals: ["SIGHUP", "SIGKILL"] },
      { protocol, what: "SIGTERM after two reloads were asked for", signals: ["SIGHUP", "SIGHUP", "SIGTERM"] },
    ] as const,
);

test.each(WAYS)(
  "$what under load over $protocol: what was answered is counted, once",
  async ({ protocol, signals }) => {
    const random = seededRandom(7);
    const tokens = Array.from({ length: SHAPE.nodes }, (_, index) => ({
      token: nodeName(index),
      node: nodeName(index),
    }));
    const agent = await startGostcol({
      storeFolder: await temporaryFolder("store"),
      receiver: { auth: { tokens }, temporality: "delta" },
    });
    const flood = createFlood({ ...SHAPE, protocol, port: agent.ports.receiver });
    const over = Promise.withResolvers<void>();
    const running = flood.run(PER_SECOND, over.promise);
    for (let life = 1; life <= ENDS; life++) {
      const takenBefore = taken(flood);
      await expect.poll(() => taken(flood)).toBeGreaterThan(takenBefore + TAKEN_IN_LIFE);
      await sleep(random.integer(100));
      // Each life is another one, so that there is something to reload.
      await agent.configure({
        processors: { delta_to_cumulative: { max_stale: `${life + 1}h` } },
        exporters: life % 2 === 0 ? {} : { debug: { sampling_initial: 1, sampling_thereafter: 0 } },
      });
      for (const signal of signals.slice(0, -1)) {
        process.kill(agent.process.pid, signal);
        await sleep(random.integer(60));
      }
      const last = signals.at(-1)!;
      const exit = await agent.process.end(last);
      expect(exit).toEqual(last === "SIGKILL" ? { code: null, signal: last } : { code: 0, signal: null });
      await agent.start();
    }
    over.resolve();
    await running;
    expectCounted(await agent.scrape(), [flood], SHAPE);
  },
);

const taken = ({ moved }: Flood) => [...moved.values()].reduce((sum, { reports }) => sum + reports, 0);
