import type { IncomingMessage, ServerResponse } from "node:http";
import type { ServerAnswer } from "../../component/server.ts";
import { answerLines } from "./http-answer.ts";
import { type Reply, type RequestHead, splitTarget } from "./http-exchange.ts";

/** The head of a request that Node's parser has read. */
export class NodeHead implements RequestHead {
  readonly path: string;
  readonly query: string;
  readonly #message: IncomingMessage;

  constructor(message: IncomingMessage) {
    this.#message = message;
    ({ path: this.path, query: this.query } = splitTarget(message.url ?? "/"));
  }

  get method(): string {
    return this.#message.method ?? "GET";
  }

  /** Read off the raw lines: Node joins the values of a header that comes twice. */
  header(name: string): string | undefined {
    const lines = this.#message.rawHeaders;
    for (let index = 0; index < lines.length; index += 2) {
      const candidate = lines[index]!;
      if (candidate.length === name.length && candidate.toLowerCase() === name) return lines[index + 1];
    }
    return undefined;
  }
}

/** The answer to such a request, in one go. */
export class NodeReply implements Reply {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  get open(): boolean {
    return !this.#response.destroyed;
  }

  write(answer: ServerAnswer, isLast: boolean, sent: () => void): void {
    const response = this.#response;
    if (answer.done) response.once("close", answer.done);
    response.once("finish", sent);
    response.writeHead(answer.status, answerLines(answer, isLast));
    response.end(answer.body ?? "");
  }
}
