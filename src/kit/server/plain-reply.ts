import type { Socket } from "node:net";
import type { ServerAnswer } from "../../component/server.ts";
import { answerLines, statusLine } from "./http-answer.ts";
import type { Reply } from "./http-exchange.ts";

/** Answers to requests that Node's parser has not seen, with the lines that Node's own would have. */
export class PlainReply implements Reply {
  readonly #socket: Socket;
  readonly #date: () => string;

  /** `date` gives what stands in `Date`. */
  constructor(socket: Socket, date: () => string) {
    this.#socket = socket;
    this.#date = date;
  }

  get open(): boolean {
    return !this.#socket.destroyed;
  }

  write(answer: ServerAnswer, isLast: boolean, sent: () => void): void {
    const { body = "", done } = answer;
    const head = this.#head(answer, isLast);
    const written = (error?: Error | null) => {
      done?.();
      if (!error) sent();
    };
    const socket = this.#socket;
    if (typeof body === "string" && Buffer.byteLength(body) === body.length) {
      socket.write(head + body, "latin1", written); // All of it is ASCII, but for what a header may hold.
      return;
    }
    socket.cork();
    socket.write(head, "latin1");
    socket.write(body, written);
    socket.uncork();
  }

  #head(answer: ServerAnswer, isLast: boolean): string {
    let text = `${statusLine(answer.status)}\r\n`;
    const lines = answerLines(answer, isLast);
    for (let index = 0; index < lines.length; index += 2) text += `${lines[index]}: ${lines[index + 1]}\r\n`;
    text += `Date: ${this.#date()}\r\n`;
    return isLast ? `${text}\r\n` : `${text}Connection: keep-alive\r\n\r\n`;
  }
}
