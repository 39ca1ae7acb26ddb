import * as z from "zod";
import { type Denial, SERVER_AUTHENTICATOR } from "../../component/capabilities.ts";
import type { Deps } from "../../component/component.ts";
import type { MetricDescription } from "../../component/meter.ts";
import type { ServerAnswer, ServerHandler, ServerRequest } from "../../component/server.ts";
import { extensionId } from "../fields.ts";
import { textAnswer } from "../server/http-answer.ts";

/** The `auth` section of whatever listens, with the Collector's names (its configauth). */
export function serverAuthConfig() {
  return z
    .strictObject({ authenticator: extensionId().describe("The id of an extension that authenticates servers.") })
    .optional()
    .describe("Who is let in; without it everybody.");
}

export type ServerAuthConfig = z.output<ReturnType<typeof serverAuthConfig>>;

export const DENIED: MetricDescription = {
  name: "gostcol_server_denied_requests",
  description: "Requests that were not let in, by transport and reason",
  unit: "{request}",
};

/** Looks at requests before anybody else does: the answer to one that is not let in, undefined where it is. */
export interface ServerGuard {
  /** Throws where there is no such extension, or it authenticates no servers: for the component's start. */
  start(): void;
  check(request: ServerRequest): ServerAnswer | undefined;
}

/** Counts whom it does not let in, and tells of it in one line of the log in an interval. */
export function serverGuard(
  auth: ServerAuthConfig,
  { extension, log, meter }: Pick<Deps, "extension" | "log" | "meter">,
): ServerGuard {
  if (auth === undefined) return { start: () => {}, check: () => undefined };
  // Asked for each time, as a reload may put another in its place.
  const authenticator = () => extension(auth.authenticator, SERVER_AUTHENTICATOR);
  return {
    start: () => void authenticator(),
    check(request) {
      const denial = authenticator().denies((name) => request.header(name));
      if (denial === undefined) return undefined;
      const { protocol, connection } = request;
      const { reason, message } = denial;
      meter.counter(DENIED, { transport: protocol, reason }).value++;
      const fields = { peer: connection.peer.address, transport: protocol, reason };
      log.limited(`denied ${reason}`).warn(`a request was not let in: ${message}`, fields);
      return protocol === "grpc" ? grpcAnswer(denial) : httpAnswer(denial);
    },
  };
}

/** The same in front of all that a handler serves. */
export function guarded(handler: ServerHandler, guard: ServerGuard): ServerHandler {
  return { ...handler, request: (request) => guard.check(request) ?? handler.request(request) };
}

/** UNAUTHENTICATED, or UNAVAILABLE. */
function grpcAnswer({ challenge, message }: Denial): ServerAnswer {
  return { status: challenge === undefined ? 14 : 16, message };
}

function httpAnswer({ challenge, message }: Denial): ServerAnswer {
  if (challenge === undefined) return textAnswer(503, message);
  const answer = textAnswer(401, message);
  return { ...answer, headers: { ...answer.headers, "WWW-Authenticate": challenge } };
}
