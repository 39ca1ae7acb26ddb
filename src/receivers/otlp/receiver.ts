import type { Deps, Receiver } from "../../component/component.ts";
import type { Next } from "../../component/delivery.ts";
import type { Server, ServerAnswer, ServerHandler, ServerRequest } from "../../component/server.ts";
import { serverGuard } from "../../kit/auth/server-guard.ts";
import { EXPORT_METHODS } from "../../kit/otlp/methods.ts";
import { Tally } from "../../kit/tally.ts";
import { SIGNALS } from "../../model/signal.ts";
import { grpcAnswer, httpAnswer } from "./answers.ts";
import { type Config, type HttpConfig, protocolsOf } from "./config.ts";
import { corsOf } from "./cors.ts";
import { Decoder } from "./decoder.ts";
import { type ExportParts, takeExport } from "./export-request.ts";
import { httpRequests } from "./http.ts";
import { grpcOptions, httpOptions } from "./server-options.ts";
import { TELEMETRY } from "./telemetry.ts";
import type { Verdict } from "./verdict.ts";

/** Receives OTLP of all signals; each protocol has a port of its own. */
export function createOtlpReceiver(config: Config, deps: Deps, next: Next): Receiver {
  const { meter, log, listen } = deps;
  const { grpc, http } = protocolsOf(config);
  const { series: seriesMax, items_per_request: itemsMax } = config.limits;
  const decoder = new Decoder(deps, { seriesMax, itemsMax });
  const parts: ExportParts = { decoder, deliver: deps.deliver, crowded: deps.crowded, next, seriesMax };
  const requests = new Tally(meter, TELEMETRY.requests, "transport", "outcome");
  const rejected = new Tally(meter, TELEMETRY.rejected, "transport", "reason");
  const rejectedPoints = new Tally(meter, TELEMETRY.rejectedPoints, "reason");
  const guards = { grpc: serverGuard(grpc?.auth, deps), http: serverGuard(http?.auth, deps) };
  const servers = new Map<"grpc" | "http", Server>();
  let stopped = false;

  const cancelGauges = [
    meter.gauge(TELEMETRY.openConnections, () =>
      [...servers].map(([transport, { openConnections: value }]) => ({ value, attributes: { transport } })),
    ),
    meter.gauge(TELEMETRY.series, () => [{ value: decoder.seriesCount }]),
  ];

  /** Counts how a request ended; what goes wrong for good is told, refusals are the pipelines' own to log. */
  function counted(verdict: Verdict, { protocol, connection }: ServerRequest): Verdict {
    requests.add(protocol, verdict.outcome);
    if (verdict.outcome === "taken") {
      if (verdict.rejected > 0) {
        rejectedPoints.add("series_limit", "", verdict.rejected);
        log.limited("series limit").warn(`points were left out: ${verdict.message}`, { points: verdict.rejected });
      }
    } else
      rejectedAs(verdict.reason, verdict.message, protocol, connection.peer.address, verdict.outcome === "refused");
    return verdict;
  }

  function rejectedAs(reason: string, message: string, transport: string, peer: string, quietly = false): void {
    rejected.add(transport, reason);
    if (!quietly) log.limited(`rejected ${reason}`).warn(`a request was rejected: ${message}`, { peer, reason });
  }

  /** The answer to who is not let in; the guard counts why. */
  function deniedOf(request: ServerRequest): ServerAnswer | undefined {
    const denied = guards[request.protocol].check(request);
    if (denied !== undefined) requests.add(request.protocol, "denied");
    return denied;
  }

  const serverRejected: NonNullable<ServerHandler["rejected"]> = (reason, { peer }, detail) =>
    rejectedAs(reason, detail, peer.transport, peer.address);

  const grpcHandler: ServerHandler = {
    request(request) {
      const denied = deniedOf(request);
      if (denied !== undefined) return denied;
      const signal = SIGNALS.find((each) => EXPORT_METHODS[each] === request.path);
      if (signal === undefined) throw new Error(`BUG: a call of ${request.path} came through`);
      const asked = { request, signal, encoding: "proto", plainBody: () => request.body } as const;
      const answer = (verdict: Verdict) => grpcAnswer(counted(verdict, request));
      const verdict = takeExport(asked, parts);
      return verdict instanceof Promise ? verdict.then(answer) : answer(verdict);
    },
    rejected: serverRejected,
  };

  function httpHandler(section: HttpConfig): ServerHandler {
    const identify = httpRequests(section);
    const cors = corsOf(section.cors);
    const dressed = (request: ServerRequest, answer: ServerAnswer): ServerAnswer =>
      cors.visible(request, { ...answer, headers: { ...answer.headers, ...section.response_headers } });
    return {
      request(request) {
        const preflight = cors.preflight(request);
        if (preflight !== undefined) return preflight;
        const denied = deniedOf(request);
        if (denied !== undefined) return dressed(request, denied);
        const asked = identify(request);
        if ("reason" in asked) {
          const { reason, answer } = asked;
          requests.add("http", "not_supported");
          rejectedAs(reason, `${request.method} ${request.path}`, "http", request.connection.peer.address);
          return dressed(request, answer);
        }
        const answer = (verdict: Verdict) =>
          dressed(request, httpAnswer(counted(verdict, request), asked.encoding, asked.signal));
        const verdict = takeExport(asked, parts);
        return verdict instanceof Promise ? verdict.then(answer) : answer(verdict);
      },
      rejected: serverRejected,
    };
  }

  async function open(protocol: "grpc" | "http", listening: Promise<Server>, signal: AbortSignal): Promise<void> {
    const server = await listening;
    if (stopped)
      await server.close(signal); // Stopped while it was starting.
    else servers.set(protocol, server);
  }

  return {
    async start(signal) {
      for (const guard of Object.values(guards)) guard.start();
      if (grpc) await open("grpc", listen(grpcOptions(grpc), grpcHandler, signal), signal);
      if (http && !stopped) await open("http", listen(httpOptions(http), httpHandler(http), signal), signal);
    },
    async stop(deadline) {
      stopped = true;
      await Promise.all([...servers.values()].map((server) => server.close(deadline)));
      decoder.dispose();
      for (const cancel of cancelGauges) cancel();
    },
    async health() {
      const listens = servers.size > 0 && !stopped;
      return listens ? { status: "ok" } : { status: "failed", message: "it does not listen", refuses: true };
    },
  };
}
