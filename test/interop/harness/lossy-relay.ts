import { connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type AnswerWatch, FATES, type Fate, grpcWatch, httpWatch, type WatchOptions } from "./answer-watch.ts";
import { listen } from "./origin.ts";
import type { Report } from "./reports.ts";

/** A TCP relay between GOST and gostcol that breaks what it is told to break, until the running test ends. */
export interface LossyRelay {
  readonly port: number;
  /** Asked once for each report. */
  decide: () => Fate;
  /** How long `delay_answer` keeps an answer back, milliseconds. */
  delayMs: number;
  /** How many reports met each fate so far. */
  readonly met: Readonly<Record<Fate, number>>;
  /**
   * Told of each report that gostcol answered with success. With `endsLast` gostcol hears that GOST is gone when it has
   * answered: what it took of a GOST that died in between is told as well.
   */
  taken: (report: Report) => void;
  endsLast: boolean;
  /** Resets all connections, and refuses those that come until `mend`. */
  refuse(): void;
  /**
   * Passes nothing on, in no direction, and tells nobody: neither of connections that are open, nor of those that come.
   * These never get through: `mend` resets them, as a machine does that was away.
   */
  fallSilent(): void;
  mend(): void;
}

/** GOST has read by then what it was given. */
const READ_MS = 20;
/** So long an end is kept back while gostcol has not answered. */
const ANSWER_MS_MAX = 5_000;
const ANSWER_LOOK_MS = 5;

interface Joined {
  reset(): void;
  silence(): void;
}

export async function startLossyRelay(protocol: "http" | "grpc", target: number): Promise<LossyRelay> {
  const met = Object.fromEntries(FATES.map((fate) => [fate, 0])) as Record<Fate, number>;
  const watchOptions: WatchOptions = {
    decide() {
      const fate = relay.decide();
      met[fate]++;
      return fate;
    },
    taken: (report) => relay.taken(report),
  };
  let state: "passes" | "refuses" | "silent" = "passes";
  const joined = new Set<Joined>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    if (state === "refuses") {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect({ port: target, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    const watch = protocol === "http" ? httpWatch(watchOptions) : grpcWatch(watchOptions);
    const pair = join(client, upstream, watch, relay);
    joined.add(pair);
    client.once("close", () => joined.delete(pair));
    if (state === "silent") pair.silence();
  });
  const relay: LossyRelay = {
    port: await listen(server),
    decide: () => "deliver",
    delayMs: 300,
    met,
    taken: () => {},
    endsLast: false,
    refuse() {
      state = "refuses";
      for (const pair of joined) pair.reset();
    },
    fallSilent() {
      state = "silent";
      for (const pair of joined) pair.silence();
    },
    mend() {
      if (state === "silent") for (const pair of joined) pair.reset();
      state = "passes";
    },
  };
  return relay;
}

function join(client: Socket, upstream: Socket, watch: AnswerWatch, relay: LossyRelay): Joined {
  let silent = false;
  const reset = () => {
    client.resetAndDestroy();
    upstream.resetAndDestroy();
  };
  let towardsClient = Promise.resolve();
  const passToClient = (pass: () => void, delayMs = 0) => {
    towardsClient = towardsClient.then(async () => {
      if (delayMs > 0) await sleep(delayMs);
      if (!client.destroyed && !silent) pass();
    });
  };
  const answered = async () => {
    for (let ms = 0; relay.endsLast && watch.waiting && ms < ANSWER_MS_MAX; ms += ANSWER_LOOK_MS)
      await sleep(ANSWER_LOOK_MS);
  };
  let chunks = 0;
  /** A proxy may end a connection that nothing is asked on; one that ends it in front of an answer is no mere relay. */
  const endIfIdle = (chunksBefore: number) => () => {
    if (chunks > chunksBefore) return;
    silent = true;
    client.end();
    upstream.end();
  };

  client.on("data", (chunk) => {
    if (silent) return;
    chunks++;
    switch (watch.request(chunk)) {
      case "pass":
        upstream.write(chunk);
        break;
      case "cut":
        upstream.write(chunk.subarray(0, chunk.length / 2), reset);
        break;
      case "reset":
        upstream.write(chunk, reset);
        break;
      case "end":
        silent = true; // The answer ends here.
        upstream.end(chunk);
        client.end();
    }
  });
  upstream.on("data", (chunk) => {
    if (silent) return;
    const passage = watch.answer(chunk);
    switch (passage) {
      case "pass":
        passToClient(() => client.write(chunk));
        break;
      case "delay":
        passToClient(() => client.write(chunk), relay.delayMs);
        break;
      case "reset":
        reset();
        break;
      case "pass_and_reset":
      case "pass_and_end":
        passToClient(() => client.write(chunk));
        passToClient(passage === "pass_and_reset" ? reset : endIfIdle(chunks), READ_MS);
        break;
      case "withhold":
        break;
    }
  });
  // An end stays an end and a reset a reset: they are what tells gostcol whether its answer was read.
  client.on("end", async () => {
    await answered();
    if (!silent) upstream.end();
  });
  upstream.on("end", () => passToClient(() => client.end()));
  client.on("error", async () => {
    client.destroy();
    await answered();
    upstream.resetAndDestroy();
  });
  upstream.on("error", reset);
  return {
    reset,
    silence() {
      silent = true;
    },
  };
}
