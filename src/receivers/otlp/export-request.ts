import type { Crowded, Deliver, Delivery, Next, Outcome } from "../../component/delivery.ts";
import type { ServerRequest } from "../../component/server.ts";
import { itemCount, type Signal } from "../../model/signal.ts";
import type { Encoding } from "./answers.ts";
import type { Decoder } from "./decoder.ts";
import { type Failed, failed, TAKEN, type Verdict, verdictOf } from "./verdict.ts";

export interface ExportParts {
  readonly decoder: Decoder;
  readonly deliver: Deliver;
  readonly crowded: Crowded;
  readonly next: Next;
  readonly seriesMax: number;
}

/** A request that says what signal it brings, and how that is written. */
export interface ExportRequest {
  readonly request: Pick<ServerRequest, "connection" | "signal" | "body">;
  readonly signal: Signal;
  readonly encoding: Encoding;
  /** Its body without a compression; asked for when there is room for it. */
  readonly plainBody: () => Uint8Array | Failed;
}

/** Takes what one request brings, as one delivery; or says why not. Waits only where the pipelines do. */
export function takeExport(asked: ExportRequest, parts: ExportParts): Verdict | Promise<Verdict> {
  const { next, crowded } = parts;
  const { signal, request } = asked;
  if (next[signal] === undefined) return failed("not_supported", "no_pipeline", `no pipeline takes ${signal} here`);
  const refusal = crowded(request.body.length);
  if (refusal !== undefined) return verdictOf({ taken: false, refusal });
  const body = asked.plainBody();
  return "outcome" in body ? body : takeBody(signal, body, asked, parts);
}

function takeBody<S extends Signal>(
  signal: S,
  body: Uint8Array,
  { request, encoding }: ExportRequest,
  { decoder, deliver, crowded, next, seriesMax }: ExportParts,
): Verdict | Promise<Verdict> {
  const grown = body === request.body ? undefined : crowded(body.length);
  if (grown !== undefined) return verdictOf({ taken: false, refusal: grown });
  const decoded = decoder.decode(signal, encoding, body);
  if ("outcome" in decoded) return decoded;
  const { batch, rejected, newSeries } = decoded;
  const conclude = (outcome: Outcome): Verdict => {
    if (!outcome.taken || rejected === 0) return verdictOf(outcome);
    return {
      outcome: "taken",
      rejected,
      message: `there are ${seriesMax} series already: no new ones (limits.series)`,
    };
  };
  const items = itemCount(signal, batch);
  if (items === 0) return rejected === 0 ? TAKEN : conclude({ taken: true });
  const origin = {
    peer: request.connection.peer,
    upperBound: { items, bytes: body.length, series: newSeries },
    signal: request.signal,
  };
  const consumer = next[signal];
  const outcome = deliver(origin, (delivery: Delivery) => {
    const refusal = consumer?.examine?.(batch);
    if (refusal !== undefined) throw refusal;
    return consumer?.consume(batch, delivery);
  });
  return outcome instanceof Promise ? outcome.then(conclude) : conclude(outcome);
}
