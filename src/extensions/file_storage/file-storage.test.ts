import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { agentRig } from "../../../test/support/fake-agent.ts";
import { fakeWorld, metricsBatch, send } from "../../../test/support/fake-components.ts";
import type { ComponentStatus } from "../../component/status.ts";
import type { Codec, StateScope } from "../../component/store.ts";
import { NEVER } from "../../lib/abort.ts";
import { Meters } from "../../pipeline/meters.ts";
import { fileStorageExtension } from "./index.ts";
import { StoreState } from "./store-state.ts";
import { Telemetry } from "./telemetry.ts";

const textCodec: Codec<string> = {
  encode: (text) => Buffer.from(text),
  decode: (bytes) => Buffer.from(bytes).toString(),
};

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "gostcol-file-storage-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An agent whose processor `change` counts batches, and keeps the count. */
async function countingAgent(folder: string, extensions = "[file_storage]") {
  const world = fakeWorld();
  let scope: StateScope<string>;
  let count = 0;
  world.script["change"] = {
    create({ store }) {
      scope = store.scope(textCodec);
    },
    async load() {
      count = Number((await scope.load(NEVER)).get("count") ?? 0);
    },
    consume(_, delivery) {
      const before = count++;
      delivery.transaction.put(scope, "count", String(count));
      delivery.transaction.onRolledBack(() => {
        count = before;
      });
    },
  };
  const yaml = `
receivers: { in: }
processors: { change: }
exporters: { out: }
extensions: { file_storage: { directory: "${folder}" }, file_storage/2: { directory: "${folder}/2" } }
service:
  extensions: ${extensions}
  pipelines: { metrics: { receivers: [in], processors: [change], exporters: [out] } }
`;
  const rig = await agentRig(yaml, { ...world.registry, extensions: [fileStorageExtension] });
  onTestFinished(async () => void (await rig.agent.stop()));
  return { ...rig, world, count: () => count };
}

describe("an agent with file_storage", () => {
  it("keeps its components' state from one life to the next", async () => {
    const folder = temporaryFolder();
    for (let life = 0; life < 3; life++) {
      const { agent, world, count } = await countingAgent(folder);
      await agent.start(NEVER);
      expect(count()).toBe(2 * life);
      expect(agent.store).toMatchObject({ durable: true, place: folder });
      expect(await send(world, metricsBatch(1))).toEqual({ taken: true });
      expect(await send(world, metricsBatch(1))).toEqual({ taken: true });
      await agent.stop();
    }
  });

  it("answers only when the commit is kept, and its metrics tell the size", async () => {
    const { agent, world } = await countingAgent(temporaryFolder());
    await agent.start(NEVER);
    const outcome = send(world, metricsBatch(1));
    expect(outcome).toBeInstanceOf(Promise);
    expect(await outcome).toEqual({ taken: true });
    const sizes = agent.meters.total("gostcol_extension_file_storage_size");
    expect(sizes).toBeGreaterThan(4096);
    await agent.stop();
    expect(agent.meters.total("gostcol_extension_file_storage_size")).toBe(0);
  });

  it("does not start where the folder is another agent's, and names it", async () => {
    const folder = temporaryFolder();
    const first = await countingAgent(folder);
    await first.agent.start(NEVER);
    const second = await countingAgent(folder);
    const refusal = `extension file_storage could not start: the folder ${folder} is in use by another gostcol`;
    await expect(second.agent.start(NEVER)).rejects.toThrow(refusal);
    expect(await send(first.world, metricsBatch(1))).toEqual({ taken: true });
  });

  it("has one store", async () => {
    const agent = countingAgent(temporaryFolder(), "[file_storage, file_storage/2]");
    await expect(agent).rejects.toThrow("the extensions file_storage and file_storage/2 would both be the store");
  });
});

const size = (kibibytes: number, free = 0) => ({ bytes: kibibytes * 1024, freeBytes: free * 1024 });

describe("what is told of the store", () => {
  function stateRig() {
    const lines: string[] = [];
    const statuses: ComponentStatus[] = [];
    const line = (level: string) => (message: string) => void lines.push(`${level}: ${message}`);
    const log = {
      debug: line("debug"),
      info: line("info"),
      warn: line("warn"),
      error: line("error"),
      limited: () => log,
    };
    const meters = new Meters();
    const telemetry = new Telemetry(meters.meter({}));
    const state = new StoreState({ log, telemetry, bytesMax: 1000 * 1024, report: (status) => statuses.push(status) });
    return { state, lines, statuses, meters };
  }

  it("is one line when commits begin to fail, one for each other reason, and one when they are kept again", () => {
    const { state, lines, statuses } = stateRig();
    state.kept(size(1));
    for (const reason of ["the disk is full", "the disk is full", "it is damaged", "it is damaged"])
      state.notKept(reason);
    expect(state.health(0)).toEqual({ status: "failed", message: "it is damaged", refuses: true });
    state.kept(size(1));
    state.kept(size(1));
    expect(lines.map((line) => line.slice(0, 60))).toEqual([
      "error: the store cannot keep anything: the disk is full. Rep",
      "error: the store cannot keep anything: it is damaged. Report",
      "info: the store keeps commits again",
    ]);
    expect(statuses.map(({ state }) => state)).toEqual(["recoverable_error", "recoverable_error", "ok"]);
    expect(state.health(0)).toEqual({ status: "ok" });
  });

  it("is one line when it had to be written again, and what had taken its place is counted", () => {
    const { state, lines, meters } = stateRig();
    state.rewritten({ file: "/data/gostcol.db" });
    expect(meters.total("gostcol_extension_file_storage_files_set_aside")).toBe(0);
    state.rewritten({ file: "/data/gostcol.db", setAside: "/data/gostcol.set-aside.db" });
    expect(meters.total("gostcol_extension_file_storage_files_set_aside")).toBe(1);
    state.lost("its file was removed");
    const again = "the store /data/gostcol.db was removed or replaced while it was open. It is written again, whole";
    expect(lines).toEqual([
      `warn: ${again}`,
      `warn: ${again}; what had taken its place is kept as /data/gostcol.set-aside.db`,
      "error: the store is closed, and all that it kept is lost: its file was removed",
    ]);
  });

  it("is one line when it is nearly full, and one when what was in it has gone", () => {
    const { state, lines } = stateRig();
    for (const used of [100, 899, 900, 950, 850]) state.kept(size(1000, 1000 - used));
    expect(state.health(0)).toEqual({
      status: "degraded",
      message: "the store has nearly reached its max_size of 1000KiB",
    });
    state.kept(size(1000, 300));
    expect(state.health(0)).toEqual({ status: "ok" });
    expect(lines).toEqual([
      "warn: the store has nearly reached its max_size of 1000KiB: at that size reports are refused. Raise max_size, and restart the agent",
      "info: the store has room again",
    ]);
  });

  it("is degraded while a commit takes long, and once something was set aside", () => {
    const { state, lines, meters } = stateRig();
    expect(state.health(1500)).toEqual({ status: "degraded", message: "a commit has taken 1.5s so far" });
    state.rowsSetAside("processor:test", [{ key: "alice", reason: "its checksum does not fit" }]);
    const setAside = { file: "aside.db", reason: "it is damaged", usable: false };
    state.opened({ file: "gostcol.db", size: size(1), setAside });
    expect(lines).toEqual([
      "error: 1 stored row of processor:test could not be read and is kept in the table set_aside: alice: its checksum does not fit",
      "error: the store gostcol.db could not be used: it is damaged. It is kept as aside.db, and a new one was begun: totals start from zero",
    ]);
    expect(state.health(0)).toMatchObject({ status: "degraded", message: expect.stringContaining("aside.db") });
    expect(meters.total("gostcol_extension_file_storage_rows_set_aside")).toBe(1);
    expect(meters.total("gostcol_extension_file_storage_files_set_aside")).toBe(1);
  });
});
