import { type Channel, isSuccess, type News } from "./network.ts";

/** One connection to the receiver, as HTTP/1.1 sees it: one request at a time. */
export interface HttpConnection {
  /** False once the other side has ended it. */
  readonly open: boolean;
  /** Never rejects. `taken` says what only the network knows: whether the receiver took a report whose answer was lost. */
  request(
    body: string | Uint8Array,
    news: News,
  ): Promise<HttpReply | { readonly broken: true; readonly taken: boolean }>;
  /** Ends it cleanly, at once. */
  close(): void;
}

export interface HttpReply {
  readonly broken?: false;
  readonly status: number;
  readonly body: string;
}

const IDLE_CONNECTIONS_MAX = 2;

/**
 * GOST's connections to an HTTP observer, as Go's client keeps them: at most two idle ones, the last used first. With
 * more emitters than that it opens connections at each tick and closes them right after it has read a good answer. It
 * closes them as well after an answer whose body it does not read: any but a success, unless the body is empty.
 */
export function httpPool(dial: () => HttpConnection): Channel {
  let ended = false;
  const idle: HttpConnection[] = [];
  const all = new Set<HttpConnection>();

  function take(): HttpConnection {
    for (let kept = idle.pop(); kept !== undefined; kept = idle.pop()) {
      if (kept.open) return kept;
      all.delete(kept);
    }
    const fresh = dial();
    all.add(fresh);
    return fresh;
  }

  function close(connection: HttpConnection): void {
    all.delete(connection);
    connection.close();
  }

  return {
    async send(body, news) {
      const connection = take();
      const reply = await connection.request(body, news);
      if (reply.broken) {
        all.delete(connection);
        return reply.taken ? "lost" : "failure";
      }
      const readInFull = reply.status === 200 || reply.body === "";
      if (ended || !readInFull || idle.length === IDLE_CONNECTIONS_MAX) close(connection);
      else idle.push(connection);
      return isSuccess(reply.status, reply.body) ? "success" : "failure";
    },
    end() {
      ended = true;
      idle.length = 0;
      for (const connection of all) close(connection);
    },
  };
}
