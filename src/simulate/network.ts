/**
 * The seam between the model GOST and what carries its reports: real sockets in the demo, a simulated network elsewhere.
 */
export interface Network {
  /** Called once for each observer that GOST makes from its configuration: at its start, and again at each reload. */
  open(node: string, observer: ObserverAddress): Channel;
}

/** `services[].observer` as the user configured it. */
export interface ObserverAddress {
  readonly type: "http" | "grpc";
  /** Path and query of the URL, as the user wrote them; empty for gRPC. */
  readonly target: string;
  readonly token?: string;
}

/** One observer's way to the receiver. An observer that a reload replaced is never ended: it keeps its idle connections. */
export interface Channel {
  /** One call of GOST, with the body that it wrote; `news` is for what the answer cannot say. Never rejects. */
  send(body: string | Uint8Array, news: News): Promise<Answer>;
  /** The process is gone, and the kernel ends all its connections, whatever was on its way on them. */
  end(): void;
}

/**
 * How a call ended. `success`: GOST read an answer that says so. `failure`: it did not, and the receiver took nothing.
 * `lost`: GOST saw a failure all the same, but the receiver took the report: only who runs the network can know.
 */
export type Answer = "success" | "lost" | "failure";

/**
 * What happened to a call on the other side: told by a network that knows, at any time, even long after GOST gave up.
 * Whatever reaches the receiver it `mayHaveTaken`; more is known when it answers, and never when it dies.
 */
export interface News {
  /** `atMs`: monotonic. */
  taken(atMs: number): void;
  mayHaveTaken(): void;
  notTaken(): void;
  /** It equals an earlier report of which nothing proved that its answer was read: it may count as a repeat, for good. */
  mayPassForRepeat(): void;
}

/** Whether GOST takes an answer over HTTP for a success: exactly status 200, with a JSON body whose `ok` is true. */
export function isSuccess(status: number, body: string): boolean {
  if (status !== 200) return false;
  try {
    const answer: unknown = JSON.parse(body);
    return typeof answer === "object" && answer !== null && "ok" in answer && answer.ok === true;
  } catch {
    return false;
  }
}
