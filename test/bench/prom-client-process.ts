import { join } from "node:path";
import { freePort, type Measured, startProcess } from "./processes.ts";

/** The minimal server beside which the agent is measured: it also tells how fast the machine is at this moment. */
export async function startPromClient(environment: NodeJS.ProcessEnv = {}): Promise<Measured> {
  const port = await freePort();
  return startProcess([join(import.meta.dirname, "prom-client-server.ts"), String(port)], port, environment);
}
