import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { ServerAnswer, ServerHandler, ServerRequest } from "../../component/server.ts";
import { acceptsGzip, contentType, type Format, negotiateFormat } from "./format.ts";

export interface ScrapeOptions {
  /** Everything there is to show, as text. */
  write(format: Format): Buffer | Promise<Buffer>;
  /** Whether a scrape may get the text of an earlier one, until `changed` is called. Otherwise each is written anew. */
  readonly shared: boolean;
  readonly openMetrics: boolean;
  /** A text that was written is not needed any more. */
  recycle?(text: Buffer): void;
  /** For the page at `/`: whose numbers these are. */
  readonly title: string;
  /** Called for each answered scrape. */
  scraped?(format: Format): void;
  /** Called when `write` failed; the scraper is answered with 500. */
  failed?(error: unknown): void;
}

export interface ScrapeHandler extends ServerHandler {
  /** Forgets the texts that are shared: from now on `write` would give others. */
  changed(): void;
}

const PATH = "/metrics";
/** Text this repetitive shrinks to a tenth at the first level; the sixth takes three times as long for a tenth less. */
const GZIP_LEVEL = 1;

/** Answers `GET /metrics` in the format that the scraper asks for, and `/` with a page that says so. */
export function scrapeHandler(options: ScrapeOptions): ScrapeHandler {
  const texts = new Texts(options);
  return {
    changed: () => texts.forget(),
    async request(request) {
      const refused = refusal(request);
      if (refused !== undefined) return refused;
      if (request.path === "/") return frontPage(options.title);
      const format = negotiateFormat(request.header("accept"), options);
      const zipped = acceptsGzip(request.header("accept-encoding"));
      const text = texts.of(format, zipped);
      try {
        const body = await text.bytes;
        options.scraped?.(format);
        const headers = { "content-type": contentType(format), vary: "Accept, Accept-Encoding" };
        const encoding = zipped ? { "content-encoding": "gzip" } : {};
        return { status: 200, headers: { ...headers, ...encoding }, body, done: () => text.release() };
      } catch (error) {
        text.release();
        options.failed?.(error);
        return plain(500, "the metrics could not be written; the log says why\n");
      }
    },
  };
}

/** A text, in use by those who called `use` and did not `release` it yet. */
class Text {
  readonly bytes: Promise<Buffer>;
  readonly #recycle: ((bytes: Buffer) => void) | undefined;
  #users = 0;

  constructor(bytes: Promise<Buffer>, recycle?: (bytes: Buffer) => void) {
    this.bytes = bytes;
    this.#recycle = recycle;
  }

  use(): this {
    this.#users++;
    return this;
  }

  release(): void {
    this.#users--;
    if (this.#users === 0 && this.#recycle) this.bytes.then(this.#recycle, () => {});
  }
}

/** The texts of one state, by format, plain and zipped: scrapes at the same time, or with no news between, share them. */
class Texts {
  readonly #options: ScrapeOptions;
  readonly #kept = new Map<string, Text>();

  constructor(options: ScrapeOptions) {
    this.#options = options;
  }

  forget(): void {
    if (this.#kept.size === 0) return; // Called for each report: clearing makes a new table, even of an empty map.
    for (const text of this.#kept.values()) text.release();
    this.#kept.clear();
  }

  /** In use by whoever asked. */
  of(format: Format, zipped: boolean): Text {
    // The version of a format changes the answer's header only.
    const key = `${format.type} ${format.escaping}`;
    if (zipped) return this.#once(`${key} gzip`, () => new Text(this.#zipped(format)));
    const { write, recycle } = this.#options;
    return this.#once(key, () => new Text((async () => write(format))(), recycle));
  }

  async #zipped(format: Format): Promise<Buffer> {
    const text = this.of(format, false);
    try {
      return await promisify(gzip)(await text.bytes, { level: GZIP_LEVEL });
    } finally {
      text.release();
    }
  }

  #once(key: string, make: () => Text): Text {
    const known = this.#kept.get(key);
    if (known !== undefined) return known.use();
    const made = make().use();
    if (this.#options.shared) {
      this.#kept.set(key, made.use());
      made.bytes.catch(() => {
        if (this.#kept.get(key) === made) this.#kept.delete(key); // The next scrape tries again.
      });
    }
    return made;
  }
}

function refusal({ method, path }: ServerRequest): ServerAnswer | undefined {
  if (path !== PATH && path !== "/") return plain(404, `nothing is here; the metrics are at ${PATH}\n`);
  if (method === "GET" || method === "HEAD") return undefined;
  const answer = plain(405, "use GET\n");
  return { ...answer, headers: { ...answer.headers, allow: "GET, HEAD" } };
}

function frontPage(title: string): ServerAnswer {
  const body = `<!doctype html><meta charset="utf-8"><title>${title}</title><h1>${title}</h1><p><a href="${PATH}">${PATH}</a> is for Prometheus.</p>\n`;
  return { status: 200, headers: { "content-type": "text/html; charset=utf-8" }, body };
}

const plain = (status: number, body: string): ServerAnswer => ({
  status,
  headers: { "content-type": "text/plain; charset=utf-8" },
  body,
});
