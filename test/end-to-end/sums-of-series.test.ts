import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { type Random, seededRandom } from "../../src/lib/random.ts";
import { type Gostcol, startGostcol } from "../interop/harness/gostcol.ts";
import { select } from "../interop/harness/metrics-text.ts";
import { temporaryFolder } from "../interop/harness/temporary-folder.ts";

// The whole process with clients whose series become one: all of it is there, whenever the process is killed.

const PROCESSORS = {
  redaction: { allow_all_keys: true, attributes: [{ key: "gost.client.id", action: "mask" }] },
  series_limit: { limit: 2, rebalance_interval: "1s", hysteresis: 0 },
};

test.each(["redaction", "series_limit"] as const)(
  "%s shows all that was moved in its sums, across kills, and no sum falls",
  async (processor) => {
    const random = seededRandom(5);
    const agent = await startGostcol({
      storeFolder: await temporaryFolder("store"),
      processors: { [processor]: PROCESSORS[processor] },
      behindTotals: [processor],
    });
    const before = new Map<string, number>();
    let moved = 0;
    for (let round = 0; round < 4; round++) {
      for (let report = 0; report < 25; report++) moved += await send(agent, random);
      await sleep(random.integer(1_500));
      await agent.end("SIGKILL");
      await agent.start();
      const sums = await received(agent);
      expect([...sums.values()].reduce((one, other) => one + other, 0)).toBe(moved);
      expect(sums.size).toBeLessThanOrEqual(3);
      for (const name of ["****", "other"]) {
        expect(sums.get(name) ?? 0).toBeGreaterThanOrEqual(before.get(name) ?? 0);
        before.set(name, sums.get(name) ?? 0);
      }
    }
  },
);

/** The bytes received by each client, as they are shown. */
async function received(agent: Gostcol): Promise<ReadonlyMap<string, number>> {
  const samples = select(await agent.scrape(), "gost_client_io_bytes_total", { network_io_direction: "receive" });
  return new Map(samples.map(({ labels, value }) => [labels["gost_client_id"]!, value]));
}

/** One report of one of several clients, sent until it is taken. Returns the bytes that it told of. */
async function send({ ports }: Gostcol, random: Random): Promise<number> {
  const inputBytes = 1 + random.integer(random.float() < 0.2 ? 100_000 : 1_000);
  const stats = { totalConns: 1, currentConns: 0, inputBytes, outputBytes: 0, totalErrs: 0 };
  const client = `client-${random.integer(6)}`;
  const body = JSON.stringify({ events: [{ kind: "handler", service: "web", client, type: "stats", stats }] });
  const url = `http://127.0.0.1:${ports.receiver}/observer?node=edge-1&temporality=delta`;
  const status = async () => {
    const answer = await fetch(url, { method: "POST", body });
    await answer.arrayBuffer();
    return answer.status;
  };
  while ((await status()) !== 200) await sleep(20);
  return inputBytes;
}
