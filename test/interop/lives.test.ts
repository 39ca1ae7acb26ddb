import { expect, test } from "vitest";
import { expectBalanced, expectSettled } from "./harness/books.ts";
import { type Edge, TUNNEL_SERVICES } from "./harness/edge.ts";
import { PERIOD_MS } from "./harness/gost-config.ts";
import { EVERY_REPORTING, someBytes, startScenario } from "./harness/scenario.ts";

// Every next life moves more over more connections than all before it: nothing falls that would give the reset away.

test.each(EVERY_REPORTING)("totals go on where GOST was killed: $protocol, $mode", async (reporting) => {
  const { gostcol, edge, books } = await startScenario(reporting);
  await moveMore(edge, 1);
  await expectBalanced(gostcol, books);
  for (const [life, signal] of (["SIGKILL", "SIGTERM", "SIGKILL"] as const).entries()) {
    await edge.gost.end(signal);
    await edge.gost.start();
    await moveMore(edge, life + 2);
    await expectBalanced(gostcol, books, 20 * PERIOD_MS);
  }
  await expectSettled(gostcol, books);
});

test.each(EVERY_REPORTING)(
  "a life counts from zero though the answers to its first words were lost: $protocol, $mode",
  async (reporting) => {
    const { gostcol, relay, edge, books } = await startScenario(reporting);
    await moveMore(edge, 1);
    await expectBalanced(gostcol, books);
    for (const life of [2, 3]) {
      await edge.gost.end("SIGKILL");
      relay.decide = () => "lose_answer";
      await edge.gost.start();
      relay.decide = () => "deliver";
      await moveMore(edge, life);
      await expectBalanced(gostcol, books, 20 * PERIOD_MS);
    }
    expect(relay.met.lose_answer).toBeGreaterThan(0);
    await expectSettled(gostcol, books);
  },
);

// Over gRPC a GOST falls silent for ever after a reload: it closes the connection that its new services go on using.
test.each(["cumulative", "delta"] as const)("totals go on where GOST reloads its configuration: %s", async (mode) => {
  const { gostcol, edge, books } = await startScenario({ protocol: "http", mode });
  await moveMore(edge, 1);
  await expectBalanced(gostcol, books);
  for (const life of [2, 3]) {
    await edge.gost.reload();
    await moveMore(edge, life);
    await expectBalanced(gostcol, books);
  }
  await expectSettled(gostcol, books);
});

async function moveMore(edge: Edge, life: number): Promise<void> {
  for (const service of TUNNEL_SERVICES) {
    for (let connection = 0; connection < 2 ** life; connection++) {
      await edge.move(service, { upload: 10_000 + someBytes(5000), download: 20_000 + someBytes(5000) });
    }
  }
}
