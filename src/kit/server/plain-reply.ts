import type { Socket } from "node:net";
import type { ServerAnswer } from "../../component/server.ts";
import { answerLines, statusLine } from "./http-answer.ts";
import type { Reply } from "./http-exchange.ts";

/** Answers to requests that Node's parser has not seen, with the lines that Node's own would have. */
export class PlainReply implements Reply {
  readonly #socket: Socket;
  readonly #texts: AnswerTexts;

  constructor(socket: Socket, texts: AnswerTexts) {
    this.#socket = socket;
    this.#texts = texts;
  }

  get open(): boolean {
    return !this.#socket.destroyed;
  }

  write(answer: ServerAnswer, isLast: boolean, sent: () => void): void {
    const { body = "", done } = answer;
    const text = this.#texts.of(answer, isLast);
    const written = (error?: Error | null) => {
      done?.();
      if (!error) sent();
    };
    const socket = this.#socket;
    if (typeof body === "string") {
      socket.write(text, "latin1", written);
      return;
    }
    socket.cork();
    socket.write(text, "latin1");
    socket.write(body, written);
    socket.uncork();
  }
}

/** What is sent of answers, with one character for each byte: all of those whose body is a text, the head of others. */
export class AnswerTexts {
  readonly #date: () => string;
  /** The last one that was short: most answers are one object, which is given again and again. */
  #last:
    | { readonly answer: ServerAnswer; readonly isLast: boolean; readonly date: string; readonly text: string }
    | undefined;

  /** `date` gives what stands in `Date`. */
  constructor(date: () => string) {
    this.#date = date;
  }

  of(answer: ServerAnswer, isLast: boolean): string {
    const date = this.#date();
    const last = this.#last;
    if (last?.answer === answer && last.isLast === isLast && last.date === date) return last.text;
    const { body = "" } = answer;
    const head = headOf(answer, isLast, date);
    if (typeof body !== "string") return head;
    const text = head + Buffer.from(body).toString("latin1");
    if (text.length <= REMEMBERED_LENGTH_MAX) this.#last = { answer, isLast, date, text };
    return text;
  }
}

const REMEMBERED_LENGTH_MAX = 1024;

function headOf(answer: ServerAnswer, isLast: boolean, date: string): string {
  let text = `${statusLine(answer.status)}\r\n`;
  const lines = answerLines(answer, isLast);
  for (let index = 0; index < lines.length; index += 2) text += `${lines[index]}: ${lines[index + 1]}\r\n`;
  text += `Date: ${date}\r\n`;
  return isLast ? `${text}\r\n` : `${text}Connection: keep-alive\r\n\r\n`;
}
