import { httpMessageReader } from "./http-messages.ts";
import { DATA, END_STREAM, frameReader, HEADERS, PREFACE_BYTES } from "./http2-frames.ts";
import { type Report, reportOfJson, reportOfProtobuf } from "./reports.ts";

/**
 * What becomes of one report on its way.
 * - `cut_request`: the connection is reset in the middle of the request.
 * - `reset_before_answer`, `end_before_answer`: gostcol has all of the request, and then the connection is reset, or ended
 *   towards both sides, before there is an answer.
 * - `lose_answer`: gostcol answered, and the connection is reset before GOST sees the answer.
 * - `reset_after_answer`, `end_after_answer`: GOST has the answer, and then the connection is reset, or ended where nothing
 *   was asked on it meanwhile.
 */
export const FATES = [
  "deliver",
  "delay_answer",
  "cut_request",
  "reset_before_answer",
  "end_before_answer",
  "lose_answer",
  "reset_after_answer",
  "end_after_answer",
] as const;
export type Fate = (typeof FATES)[number];

/** Follows one connection's bytes closely enough to know where a report and its answer are, and says what to do with them. */
export interface AnswerWatch {
  /** Whether gostcol has a whole report that it has not answered. */
  readonly waiting: boolean;
  /** Told of bytes from GOST: to pass them on, to break the connection in their middle, or behind them. */
  request(chunk: Buffer): "pass" | "cut" | "reset" | "end";
  /** Told of bytes to GOST: to pass them on now or late, to keep them, or to break the connection, now or behind them. */
  answer(chunk: Buffer): "pass" | "delay" | "withhold" | "reset" | "pass_and_reset" | "pass_and_end";
}

export interface WatchOptions {
  /** Asked once for each report. */
  readonly decide: () => Fate;
  /** Told of each report that gostcol answered with success, whether or not GOST will see the answer. */
  readonly taken?: (report: Report) => void;
}

/** Over HTTP/1.1 GOST waits for each answer before its next report. */
export function httpWatch({ decide, taken }: WatchOptions): AnswerWatch {
  const requests = httpMessageReader();
  const answers = httpMessageReader();
  let fate: Fate | undefined;
  let body = "";
  let waiting = false;
  return {
    get waiting() {
      return waiting;
    },
    request(chunk) {
      fate ??= decide();
      const [request] = requests(chunk);
      if (fate === "cut_request") return "cut";
      if (request === undefined) return "pass";
      body = request.body;
      waiting = true;
      return requestPassage(fate);
    },
    answer(chunk) {
      const [answer] = answers(chunk);
      const met = fate;
      if (answer?.first.startsWith("HTTP/1.1 200")) taken?.(reportOfJson(body));
      if (answer !== undefined) {
        fate = undefined;
        waiting = false;
      } else if (met === "lose_answer") return "withhold";
      return answerPassage(met, answer !== undefined);
    },
  };
}

/** What stands before each message of gRPC: whether it is compressed, and its length. */
const MESSAGE_HEAD_BYTES = 5;

/** Over HTTP/2 reports overlap: one stream each, which the client ends with its data and the server with its trailers. */
export function grpcWatch({ decide, taken }: WatchOptions): AnswerWatch {
  const fates = new Map<number, Fate>();
  const messages = new Map<number, Buffer>();
  const requests = frameReader(PREFACE_BYTES);
  const answers = frameReader(0);
  const waiting = new Set<number>();
  return {
    get waiting() {
      return waiting.size > 0;
    },
    request(chunk) {
      let passage: ReturnType<AnswerWatch["request"]> = "pass";
      for (const { type, flags, stream, payload } of requests(chunk)) {
        if (type === HEADERS && !fates.has(stream)) fates.set(stream, decide());
        const fate = fates.get(stream);
        if (fate === "cut_request") return "cut";
        if (type !== DATA) continue;
        messages.set(stream, Buffer.concat([messages.get(stream) ?? Buffer.alloc(0), payload]));
        if ((flags & END_STREAM) === 0) continue;
        waiting.add(stream);
        if (passage === "pass") passage = requestPassage(fate);
      }
      return passage;
    },
    answer(chunk) {
      const frames = answers(chunk);
      for (const { type, stream, payload } of frames) {
        if (type !== DATA || payload.length <= MESSAGE_HEAD_BYTES) continue; // Only a success has a message.
        taken?.(reportOfProtobuf(messages.get(stream)!.subarray(MESSAGE_HEAD_BYTES)));
        messages.delete(stream);
      }
      const ended = frames.filter(({ type, flags }) => type === HEADERS && (flags & END_STREAM) !== 0);
      for (const { stream } of ended) waiting.delete(stream);
      const passages = ended.map(({ stream }) => answerPassage(fates.get(stream), true));
      return passages.find((passage) => passage !== "pass") ?? "pass";
    },
  };
}

function requestPassage(fate: Fate | undefined): ReturnType<AnswerWatch["request"]> {
  if (fate === "reset_before_answer") return "reset";
  return fate === "end_before_answer" ? "end" : "pass";
}

function answerPassage(fate: Fate | undefined, isComplete: boolean): ReturnType<AnswerWatch["answer"]> {
  switch (fate) {
    case "delay_answer":
      return "delay";
    case "lose_answer":
      return "reset";
    case "reset_after_answer":
      return isComplete ? "pass_and_reset" : "pass";
    case "end_after_answer":
      return isComplete ? "pass_and_end" : "pass";
    default:
      return "pass";
  }
}
