import type { Outcome } from "../../component/delivery.ts";
import type { ServerAnswer, ServerRequest } from "../../component/server.ts";
import { textAnswer } from "../../kit/server/http-answer.ts";

/** How a request ended, for counters. */
export type RequestOutcome = "taken" | "refused" | "malformed" | "unauthenticated" | "not_supported";

/** What is said to GOST. Only an HTTP 200 with `"ok":true`, or an `ObserveReply` that is ok, is success to it. */
export type Verdict =
  | { readonly outcome: "taken" }
  /** Not now: GOST keeps the report and sends it again. */
  | { readonly outcome: "refused"; readonly reason: string; readonly message: string; readonly retryAfterMs?: number }
  /** GOST sends such a report again for ever: only for what is no report at all. */
  | { readonly outcome: "malformed" | "unauthenticated"; readonly reason: string; readonly message: string }
  /** Not what observers do: another HTTP method, another gRPC method. */
  | { readonly outcome: "not_supported"; readonly reason: string; readonly message: string };

export function verdictOf(outcome: Outcome): Verdict {
  if (outcome.taken) return TAKEN;
  const { kind, reason, message, retryAfterMs } = outcome.refusal;
  if (kind === "permanent") return { outcome: "malformed", reason, message };
  return { outcome: "refused", reason, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

export const TAKEN: Verdict = { outcome: "taken" };

/** The verdict in the request's protocol. */
export function answerOf(verdict: Verdict, protocol: ServerRequest["protocol"]): ServerAnswer {
  return protocol === "grpc" ? grpcAnswer(verdict) : httpAnswer(verdict);
}

const HTTP_TAKEN: ServerAnswer = {
  status: 200,
  headers: { "Content-Type": "application/json" },
  body: '{"ok":true}',
};

function httpAnswer(verdict: Verdict): ServerAnswer {
  switch (verdict.outcome) {
    case "taken":
      return HTTP_TAKEN;
    case "refused": {
      // GOST closes the connection after a refusal with a body, and keeps it after one without.
      const seconds = Math.max(1, Math.ceil((verdict.retryAfterMs ?? 0) / 1000));
      return { status: 503, headers: { "Retry-After": String(seconds) } };
    }
    case "unauthenticated":
      return withHeader(textAnswer(401, verdict.message), "WWW-Authenticate", "Bearer");
    case "not_supported":
      return withHeader(textAnswer(405, verdict.message), "Allow", "POST");
    case "malformed":
      return textAnswer(400, verdict.message);
    default:
      return verdict satisfies never;
  }
}

const withHeader = (answer: ServerAnswer, name: string, value: string): ServerAnswer => ({
  ...answer,
  headers: { ...answer.headers, [name]: value },
});

/** https://grpc.io/docs/guides/status-codes/ */
const GRPC_STATUS = { taken: 0, malformed: 3, not_supported: 12, refused: 14, unauthenticated: 16 } as const;

/** `ObserveReply{ok: true}`. */
const GRPC_TAKEN: ServerAnswer = { status: GRPC_STATUS.taken, body: Uint8Array.of(0x08, 0x01) };

function grpcAnswer(verdict: Verdict): ServerAnswer {
  if (verdict.outcome === "taken") return GRPC_TAKEN;
  return { status: GRPC_STATUS[verdict.outcome], message: verdict.message };
}
