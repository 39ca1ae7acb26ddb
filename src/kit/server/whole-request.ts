import type { RequestHead } from "./http-exchange.ts";

/** Enough for any proxy's headers. */
export const HEADER_BYTES_MAX = 16 * 1024;

export interface WholeRequest {
  readonly head: RequestHead;
  /** A part of the chunk. */
  readonly body: Buffer;
}

/**
 * A chunk that is one request in its plainest form, as GOST, Prometheus and most clients send it: HTTP/1.1, `GET` or
 * `POST` of a path, a length or no body, nothing that asks for more than an answer. Undefined for all else: a part of a
 * request or more than one, and all that has an error in it.
 */
export function readWholeRequest(chunk: Buffer): WholeRequest | undefined {
  const emptyLineAt = chunk.indexOf(EMPTY_LINE);
  if (emptyLineAt === -1 || emptyLineAt > HEADER_BYTES_MAX) return undefined;
  const bodyAt = emptyLineAt + EMPTY_LINE.length;
  const parts = PLAIN_HEAD.exec(chunk.toString("latin1", 0, bodyAt));
  if (parts === null) return undefined;
  const [, method, target, lines] = parts as unknown as [string, "GET" | "POST", string, string];
  const head = new PlainHead(method, target, lines);
  return head.asksForMore || head.contentLength !== chunk.length - bodyAt
    ? undefined
    : { head, body: chunk.subarray(bodyAt) };
}

const EMPTY_LINE = Buffer.from("\r\n\r\n");

/** RFC 9112, sections 3 and 5; the lines are led by the end of the one before. */
const PLAIN_HEAD =
  /^(GET|POST) (\/[!-~]*) HTTP\/1\.1((?:\r\n[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*)*)\r\n\r\n$/;

/** Of the lines in lower case. What a proxy may say of the connection is taken as said of this one, as Node takes it. */
const ASKS_FOR_MORE =
  /\r\n(?:(?:transfer-encoding|expect|upgrade|trailer):|(?:proxy-)?connection:(?![\t ]*keep-alive[\t ]*(?:\r|$)))/;

const OPTIONAL_SPACE = /^[\t ]+|[\t ]+$/g;

class PlainHead implements RequestHead {
  readonly method: string;
  readonly target: string;
  readonly #lines: string;
  /** As long as they are: of Latin-1 no letter grows. */
  readonly #lowerCase: string;

  constructor(method: string, target: string, lines: string) {
    this.method = method;
    this.target = target;
    this.#lines = lines;
    this.#lowerCase = lines.toLowerCase();
  }

  header(name: string): string | undefined {
    const at = this.#lowerCase.indexOf(`\r\n${name}:`);
    if (at === -1) return undefined;
    const start = at + name.length + "\r\n:".length;
    const end = this.#lines.indexOf("\r\n", start);
    return this.#lines.slice(start, end === -1 ? undefined : end).replace(OPTIONAL_SPACE, "");
  }

  get asksForMore(): boolean {
    return ASKS_FOR_MORE.test(this.#lowerCase);
  }

  /** NaN where it is not said in one plain way. */
  get contentLength(): number {
    const value = this.header("content-length");
    if (value === undefined) return 0;
    const isSaidOnce = this.#lowerCase.indexOf(CONTENT_LENGTH) === this.#lowerCase.lastIndexOf(CONTENT_LENGTH);
    return isSaidOnce && /^[0-9]{1,15}$/.test(value) ? Number(value) : Number.NaN;
  }
}

const CONTENT_LENGTH = "\r\ncontent-length:";
