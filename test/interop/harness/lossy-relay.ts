import { connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type AnswerWatch, type Fate, grpcWatch, httpWatch } from "./answer-watch.ts";
import { listen } from "./origin.ts";

/** A TCP relay between GOST and gostcol that breaks what it is told to break, until the running test ends. */
export interface LossyRelay {
  readonly port: number;
  /** Asked once for each report. */
  decide: () => Fate;
  /** How many reports met each fate so far. */
  readonly met: Readonly<Record<Fate, number>>;
}

const DELAY_MS = 300;

export async function startLossyRelay(protocol: "http" | "grpc", target: number): Promise<LossyRelay> {
  const met: Record<Fate, number> = { deliver: 0, delay_answer: 0, lose_answer: 0, cut_request: 0 };
  const decideAndCount = () => {
    const fate = relay.decide();
    met[fate]++;
    return fate;
  };
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const upstream = connect({ port: target, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    join(client, upstream, protocol === "http" ? httpWatch(decideAndCount) : grpcWatch(decideAndCount));
  });
  const relay: LossyRelay = { port: await listen(server), decide: () => "deliver", met };
  return relay;
}

function join(client: Socket, upstream: Socket, watch: AnswerWatch): void {
  const reset = () => {
    client.resetAndDestroy();
    upstream.resetAndDestroy();
  };
  let towardsClient = Promise.resolve();
  const passToClient = (pass: () => void, delayMs = 0) => {
    towardsClient = towardsClient.then(async () => {
      if (delayMs > 0) await sleep(delayMs);
      if (!client.destroyed) pass();
    });
  };

  client.on("data", (chunk) => {
    if (watch.request(chunk) === "pass") upstream.write(chunk);
    else upstream.write(chunk.subarray(0, chunk.length / 2), reset);
  });
  upstream.on("data", (chunk) => {
    const passage = watch.answer(chunk);
    if (passage === "reset") reset();
    else if (passage !== "withhold") passToClient(() => client.write(chunk), passage === "delay" ? DELAY_MS : 0);
  });
  // An end stays an end and a reset a reset: they are what tells gostcol whether its answer was read.
  client.on("end", () => upstream.end());
  upstream.on("end", () => passToClient(() => client.end()));
  client.on("error", reset);
  upstream.on("error", reset);
}
