import type { ServerAnswer, ServerConnection, ServerRequest } from "../../../src/component/server.ts";
import type { SettableReceipt } from "../../../src/kit/server/receipt.ts";
import type { News } from "../../../src/simulate/network.ts";
import type { Trace } from "../trace.ts";
import type { Listener } from "./sim-network.ts";

/** A request is worked on a turn of the event loop after it was read: an end right behind it is known by then. */
export const TURN_MS = 0.02;

/** A call as its sender made it. */
export interface Call {
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly news: News;
  readonly channel: object;
}

export interface Handling {
  readonly listener: Listener;
  readonly connection: ServerConnection & { readonly signal: AbortSignal };
  readonly protocol: "http" | "grpc";
  readonly receipt: SettableReceipt;
  /** What the disk says of commits whose outcome nobody knows. */
  readonly unknowns: () => number;
  readonly trace: Trace;
  readonly now: () => number;
  /** The answer leaves the process. */
  readonly answered: (answer: ServerAnswer) => void;
}

/** Hands a call to the process that listens, and tells the books what became of it. */
export function handle(call: Call, handling: Handling): void {
  const { listener, connection, protocol, receipt, unknowns, answered, trace, now } = handling;
  const { handler, mortal } = listener;
  if (!mortal.alive) return;
  const { path, query, headers, body, news, channel } = call;
  const unknownsBefore = unknowns();
  listener.requested();
  const text = protocol === "http" ? Buffer.from(body).toString() : Buffer.from(body).toString("latin1");
  const forget = listener.heard.heard(`${headers["token"] ?? query} ${text}`, {
    news,
    receipt,
    mortal,
    reloads: mortal.reloads,
    channel,
  });
  trace.note(`#${connection.id} asks ${protocol === "http" ? text : `${body.length} bytes`}`);
  receipt.settled((state) => trace.note(`#${connection.id} ${state}`));
  news.mayHaveTaken();
  const request: ServerRequest = {
    connection,
    protocol,
    method: "POST",
    path,
    query,
    header: (name) => headers[name],
    body,
    receipt,
    get signal() {
      return connection.signal;
    },
  };
  const conclude = (answer: ServerAnswer) => {
    if (!mortal.step()) return;
    trace.note(`#${connection.id} is answered ${answer.status}`);
    if (answer.status === (protocol === "grpc" ? 0 : 200)) news.taken(now());
    else if (unknowns() === unknownsBefore) {
      news.notTaken();
      forget();
    }
    answered(answer);
  };
  const answer = handler.request(request);
  if (answer instanceof Promise) void answer.then(conclude);
  else conclude(answer);
}
