import { STORE } from "../../component/capabilities.ts";
import type { Deps, Exporter } from "../../component/component.ts";
import type { Next } from "../../component/delivery.ts";
import { NEVER } from "../../lib/abort.ts";
import { type BatchCodec, type BatchCodecs, batchCodecs } from "../../model/otlp/batch-codecs.ts";
import { SIGNALS, type Signal } from "../../model/signal.ts";
import { Attempts } from "./attempts.ts";
import { CircuitBreaker } from "./circuit-breaker.ts";
import type { SendConfig } from "./config.ts";
import { deadLetterExporter } from "./dead-letter-exporter.ts";
import { deadLetterFile } from "./dead-letter-file.ts";
import type { DeadLetters } from "./dead-letters.ts";
import { Outage } from "./outage.ts";
import { SendHealth } from "./send-health.ts";
import type { Sender, Senders } from "./sender.ts";
import { SignalChain } from "./signal-chain.ts";
import { StoredRequests } from "./stored-requests.ts";
import { SendTelemetry, showBreaker } from "./telemetry.ts";

export interface SendChainOptions {
  readonly config: SendConfig;
  readonly deps: Deps;
  /** One for each signal that the exporter takes. */
  readonly senders: Senders;
  /** How batches become bytes: for queues in the store, and for sizes in bytes. The exporter's own are taken, where it has some. */
  readonly codecs?: BatchCodecs;
  /** Leads to the exporter that the configuration's dead letters go to, where there is one. */
  readonly next?: Next;
  /** In place of what the configuration says. */
  readonly deadLetters?: DeadLetters | undefined;
  /** Whether each item is a request of its own: tried, given up and counted by itself. */
  readonly itemByItem?: boolean;
  /** What the senders need: opened before anything is sent, closed behind it. */
  readonly transport?: {
    load?(signal: AbortSignal): Promise<void>;
    start?(signal: AbortSignal): Promise<void>;
    stop?(deadline: AbortSignal): Promise<void>;
  };
}

/**
 * An exporter around what sends: queue, batching, retries, circuit breaker, time limit and dead letters, the same for
 * all. One chain for each signal; the breaker is theirs together, for they have one backend.
 */
export function sendChain(given: SendChainOptions): Exporter {
  const { config, deps, senders, transport } = given.config.sending_queue.enabled
    ? given
    : { ...given, config: withoutQueue(given.config) };
  const options = { ...given, config, deadLetters: given.deadLetters ?? deadLettersOf(given) };
  const own = options.codecs === undefined ? batchCodecs(deps.series) : undefined;
  const codecs = options.codecs ?? own!;
  const outage = new Outage(deps);
  const breaker = new CircuitBreaker(config.circuit_breaker, deps.clock, (state) => {
    if (state === "open") outage.breakerOpened(config.circuit_breaker.open_for);
    deps.report(
      state === "closed" ? { state: "ok" } : { state: "recoverable_error", message: `the circuit breaker is ${state}` },
    );
  });
  const health = new SendHealth({ config, clock: deps.clock, breaker: () => breaker.state });
  const chains = SIGNALS.flatMap((signal) => {
    const sender = senders[signal];
    return sender === undefined
      ? []
      : [
          [
            signal,
            chainOf(signal, sender as Sender<Signal>, codecs[signal] as BatchCodec<Signal>, {
              breaker,
              health,
              outage,
              options,
            }),
          ] as const,
        ];
  });
  const stops: (() => void)[] = [];

  return {
    ...(Object.fromEntries(chains) as Next),
    async load(signal) {
      // Throws where there is no such extension, or it is no store.
      if (config.sending_queue.storage !== undefined) deps.extension(config.sending_queue.storage, STORE);
      await transport?.load?.(signal);
      for (const [, chain] of chains) await chain.load(signal);
    },
    async start(signal) {
      await transport?.start?.(signal);
      stops.push(showBreaker(deps.meter, () => breaker.state));
      for (const [, chain] of chains) chain.start();
    },
    async stop(deadline = NEVER) {
      await Promise.all(chains.map(([, chain]) => chain.stop(deadline)));
      breaker.dispose();
      for (const stop of stops.splice(0)) stop();
      await transport?.stop?.(deadline);
      own?.dispose();
    },
    health: async () => health.health(chains.map(([signal, { size }]) => ({ signal, size }))),
  };
}

function deadLettersOf({ config, deps, next = {} }: SendChainOptions): DeadLetters | undefined {
  const { dead_letter: place, retry_on_failure: retry } = config;
  if (place?.exporter !== undefined) return deadLetterExporter(next, retry, deps);
  return place?.path === undefined ? undefined : deadLetterFile(place.path, place.max_size, deps);
}

/** Nothing waits but for its next attempt: as many requests as may be under way are held, and no more are taken. */
function withoutQueue({ sending_queue: queue, ...config }: SendConfig): SendConfig {
  const { storage: _, ...rest } = queue;
  const bounded = { ...rest, sizer: "requests", queue_size: queue.num_consumers } as const;
  return { ...config, sending_queue: { ...bounded, batch: undefined, compact: false } };
}

interface ChainParts {
  readonly breaker: CircuitBreaker;
  readonly health: SendHealth;
  readonly outage: Outage;
  readonly options: SendChainOptions;
}

function chainOf<S extends Signal>(
  signal: S,
  sender: Sender<S>,
  codec: BatchCodec<S>,
  { options: { config, deps, deadLetters, itemByItem = false }, ...backend }: ChainParts,
): SignalChain<S> {
  const telemetry = new SendTelemetry(deps.meter, signal);
  const { storage } = config.sending_queue;
  const stored = storage === undefined ? undefined : new StoredRequests(deps.store, signal, codec);
  const durable = stored !== undefined;
  const attempts = new Attempts({ signal, sender, config, deps, ...backend, telemetry, deadLetters, durable });
  return new SignalChain({ signal, config, deps, codec, attempts, telemetry, stored, itemByItem });
}
