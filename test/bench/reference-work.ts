import { promClientRegistry } from "./prom-client-registry.ts";

// The process of `reference.ts`: each message is answered with the milliseconds that its work has taken.
const registry = promClientRegistry(100_000);
process.on("message", async () => {
  const began = performance.now();
  await registry.metrics();
  process.send!(performance.now() - began);
});
