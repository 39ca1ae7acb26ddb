import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { seededRandom } from "../../src/lib/random.ts";
import { expectSettled } from "./harness/books.ts";
import { TUNNEL_SERVICES } from "./harness/edge.ts";
import { PERIOD_MS } from "./harness/gost-config.ts";
import { startGostcol } from "./harness/gostcol.ts";
import { startNamespace } from "./harness/namespace.ts";
import { EVERY_REPORTING, startScenario } from "./harness/scenario.ts";
import { temporaryFolder } from "./harness/temporary-folder.ts";
import { startTraffic } from "./harness/traffic.ts";

// A sender whose patience ends while the answer is lost ends its connection just as one that has read it.

const SEED = Number(process.env["GOSTCOL_SOAK_SEED"] ?? Date.now() % 1_000_000);

test.for([100, 1500])(
  "a report whose answer was lost, and which its sender gave up, counts once (again after %i ms)",
  async (againAfterMs, { skip }) => {
    const namespace = await startNamespace();
    if (namespace === undefined) {
      skip("this machine lets us have no network namespace");
      return;
    }
    const { host, within } = namespace;
    const receiver = { temporality: "delta" };
    const gostcol = await startGostcol({ host, within, receiver, storeFolder: await temporaryFolder("store") });
    const dial = async () => {
      const socket = connect(gostcol.ports.receiver, host).setNoDelay();
      onTestFinished(() => void socket.destroy());
      socket.on("error", () => {});
      await once(socket, "connect");
      return socket;
    };

    const first = await dial();
    expect(await report(first, 1000)).toContain("200");
    process.kill(gostcol.process.pid, "SIGSTOP"); // So that the request is there, and its answer is not, when the cable is cut.
    first.write(requestOf(2000));
    await sleep(100);
    await namespace.cut();
    process.kill(gostcol.process.pid, "SIGCONT");
    await sleep(250);
    first.destroy();
    await sleep(50);
    await namespace.mend();

    const second = await dial();
    await sleep(againAfterMs);
    while ((await report(second, 2000)).includes("503")) await sleep(300);
    await sleep(500);
    expect(await gostcol.accounts()).toMatchObject({ "n web alice": { input: 3000 } });
  },
);

// The relay's kernel has each answer at once, so to us it looks as if GOST had it.
test.each([500, 1500].flatMap((timeoutMs) => EVERY_REPORTING.map((reporting) => ({ ...reporting, timeoutMs }))))(
  `answers that a relay brings after GOST's $timeoutMs ms count nothing twice: $protocol, $mode (GOSTCOL_SOAK_SEED=${SEED})`,
  async (options) => {
    const { gostcol, edge, relay, books } = await startScenario(options);
    const random = seededRandom(SEED);
    relay.delayMs = options.timeoutMs + 500;
    relay.decide = () => (random.integer(3) === 0 ? "deliver" : "delay_answer");
    const traffic = startTraffic(edge, { ways: TUNNEL_SERVICES, random: seededRandom(SEED + 1) });
    await sleep(10 * PERIOD_MS);
    await traffic.stop();
    expect(relay.met.delay_answer).toBeGreaterThan(TUNNEL_SERVICES.length);
    relay.decide = () => "deliver";
    await expectSettled(gostcol, books, 20 * PERIOD_MS);
  },
);

async function report(socket: Socket, bytes: number): Promise<string> {
  const answer = once(socket, "data");
  socket.write(requestOf(bytes));
  const [chunk] = (await answer) as [Buffer];
  return chunk.toString().split("\r\n")[0]!;
}

function requestOf(inputBytes: number): string {
  const stats = { totalConns: 1, currentConns: 0, inputBytes, outputBytes: 0, totalErrs: 0 };
  const body = JSON.stringify({ events: [{ kind: "handler", service: "web", client: "alice", type: "stats", stats }] });
  return `POST /observer?node=n HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}
