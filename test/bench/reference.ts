import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** What it took on the machine that the goals in milliseconds are meant for. */
const REFERENCE_MS = 269;
/** Until V8 has compiled all of it. */
const WARM_UP = 4;

/**
 * Work that tells how fast the machine is at this moment: prom-client's text of 100,000 series, in a process of its own
 * that does nothing in between.
 */
export interface Reference {
  /** How many times as long as on the machine of the goals. */
  slowness(): Promise<number>;
  stop(): Promise<void>;
}

export async function startReference(): Promise<Reference> {
  const child = fork(join(import.meta.dirname, "reference-work.ts"));
  const exited = once(child, "exit");
  const slowness = async () => {
    child.send("work");
    const [answer] = await Promise.race([once(child, "message"), exited]);
    if (!child.connected) throw new Error("the process of the reference work ended");
    return (answer as number) / REFERENCE_MS;
  };
  for (let time = 0; time < WARM_UP; time++) await slowness();
  return {
    slowness,
    async stop() {
      child.kill();
      await exited;
    },
  };
}
