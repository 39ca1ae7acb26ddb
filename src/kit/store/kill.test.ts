import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { openStore, testFolder, textScope } from "../../../test/support/store-rig.ts";
import { seededRandom } from "../../lib/random.ts";

const WRITER = join(import.meta.dirname, "../../../test/support/store-writer.ts");
const KILLS = 8;
const LIFE_MS_MAX = 150;

test("a process that is killed in the middle of its commits leaves all that was kept, and nothing by half", async () => {
  const folder = testFolder();
  const random = seededRandom(Number(process.env["SEED"] ?? 5));
  let kept = 0;
  for (let life = 1; life <= KILLS; life++) {
    const { sent, kept: keptNow } = await killedWriter(folder, kept + 1, random.integer(LIFE_MS_MAX));
    expect(keptNow).toBeGreaterThan(kept);
    const store = await openStore(folder, { onCorruption: "fail" });
    const values = [textScope("processor:one"), textScope("processor:two")].map(async (scope) => store.rows(scope));
    const found = new Set((await Promise.all(values)).flatMap((rows) => Object.values(rows).map(Number)));
    await store.close();
    expect(found.size, `life ${life}: a commit is there by half: ${[...found]}`).toBe(1);
    const [number] = [...found] as [number];
    expect(number).toBeGreaterThanOrEqual(keptNow);
    expect(number).toBeLessThanOrEqual(sent);
    kept = number;
  }
});

/** Lets a writer live for a while from its first commit on, kills it, and gives the last that it said. */
async function killedWriter(folder: string, first: number, lifeMs: number): Promise<{ sent: number; kept: number }> {
  const child = spawn(process.execPath, [WRITER, folder, String(first)], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (text: string) => {
    said += text;
  });
  const closed = once(child, "close");
  while (!said.includes("kept") && child.exitCode === null) await Promise.race([once(child.stdout, "data"), closed]);
  await sleep(lifeMs);
  child.kill("SIGKILL");
  await closed;
  const last = (word: string) => Number(said.slice(said.lastIndexOf(`${word} `)).split(/\s/)[1] ?? 0);
  return { sent: last("sent"), kept: last("kept") };
}
