import { type RequestHead, splitTarget } from "./http-exchange.ts";

/** Enough for any proxy's headers. */
export const HEADER_BYTES_MAX = 16 * 1024;

export interface WholeRequest {
  readonly head: RequestHead;
  /** A part of the chunk. */
  readonly body: Buffer;
}

/** Of all connections of a server: what comes in the same words again is known by them. */
export class WholeRequests {
  /** Heads by their text. Those of one sender differ in the length of the body alone. */
  readonly #known = new Map<string, PlainHead>();

  /**
   * Reads a chunk that is one request in its plainest form, as GOST, Prometheus and most clients send it: HTTP/1.1, `GET`
   * or `POST` of a path, a length or no body, nothing that asks for more than an answer. Undefined for all else: a part of
   * a request or more than one, and all that has an error in it.
   */
  read(chunk: Buffer): WholeRequest | undefined {
    const emptyLineAt = chunk.indexOf(EMPTY_LINE);
    if (emptyLineAt === -1 || emptyLineAt > HEADER_BYTES_MAX) return undefined;
    const bodyAt = emptyLineAt + EMPTY_LINE.length;
    const head = this.#head(chunk.toString("latin1", 0, bodyAt));
    return head?.bodyBytes === chunk.length - bodyAt ? { head, body: chunk.subarray(bodyAt) } : undefined;
  }

  #head(text: string): PlainHead | undefined {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const head = readPlainHead(text);
    if (head === undefined || text.length > KNOWN_LENGTH_MAX) return head;
    if (this.#known.size === KNOWN_MAX) this.#known.clear();
    this.#known.set(text, head);
    return head;
  }
}

/** Of so many heads, each of so many bytes at the most. */
const KNOWN_MAX = 512;
const KNOWN_LENGTH_MAX = 1024;

function readPlainHead(text: string): PlainHead | undefined {
  const parts = PLAIN_HEAD.exec(text);
  if (parts === null) return undefined;
  const [, method, target, lines] = parts as unknown as [string, "GET" | "POST", string, string];
  return ASKS_FOR_MORE.test(lines) ? undefined : new PlainHead(method, target, lines);
}

const EMPTY_LINE = Buffer.from("\r\n\r\n");

/** RFC 9112, sections 3 and 5; the lines are led by the end of the one before. */
const PLAIN_HEAD =
  /^(GET|POST) (\/[!-~]*) HTTP\/1\.1((?:\r\n[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*)*)\r\n\r\n$/;

/** What a proxy may say of the connection is taken as said of this one, as Node takes it. */
const ASKS_FOR_MORE =
  /\r\n(?:(?:transfer-encoding|expect|upgrade|trailer):|(?:proxy-)?connection:(?![\t ]*keep-alive[\t ]*(?:\r|$)))/i;

const OPTIONAL_SPACE = /^[\t ]+|[\t ]+$/g;

class PlainHead implements RequestHead {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** What is said to stand behind it; NaN where that is not said in one plain way. */
  readonly bodyBytes: number;
  /** The first value of each. */
  readonly #headers = new Map<string, string>();

  constructor(method: string, target: string, lines: string) {
    this.method = method;
    ({ path: this.path, query: this.query } = splitTarget(target));
    let bodyBytes = 0;
    for (const line of lines.split("\r\n").slice(1)) {
      const colonAt = line.indexOf(":");
      const name = line.slice(0, colonAt).toLowerCase();
      const value = line.slice(colonAt + 1).replace(OPTIONAL_SPACE, "");
      const isFirst = !this.#headers.has(name);
      if (isFirst) this.#headers.set(name, value);
      if (name === "content-length") bodyBytes = isFirst && LENGTH.test(value) ? Number(value) : Number.NaN;
    }
    this.bodyBytes = bodyBytes;
  }

  header(name: string): string | undefined {
    return this.#headers.get(name);
  }
}

const LENGTH = /^[0-9]{1,15}$/;
