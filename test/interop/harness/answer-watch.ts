/**
 * What becomes of one report on its way. `lose_answer`: gostcol took it and answered, then the connection breaks before
 * GOST sees the answer. `cut_request`: the connection breaks in the middle of the request.
 */
export type Fate = "deliver" | "delay_answer" | "lose_answer" | "cut_request";

/** Follows one connection's bytes closely enough to know where a report and its answer are, and says what to do with them. */
export interface AnswerWatch {
  /** Told of bytes from GOST: to pass them on, or to break the connection in their middle. */
  request(chunk: Buffer): "pass" | "cut";
  /** Told of bytes to GOST: to pass them on now or late, to keep them, or to break the connection now. */
  answer(chunk: Buffer): "pass" | "delay" | "withhold" | "reset";
}

/** Over HTTP/1.1 GOST waits for each answer before its next report. */
export function httpWatch(decide: () => Fate): AnswerWatch {
  let fate: Fate | undefined;
  let answered = "";
  return {
    request() {
      fate ??= decide();
      return fate === "cut_request" ? "cut" : "pass";
    },
    answer(chunk) {
      answered += chunk.toString("latin1");
      const complete = isCompleteAnswer(answered);
      if (fate === "lose_answer") return complete ? "reset" : "withhold";
      const late = fate === "delay_answer";
      if (complete) {
        answered = "";
        fate = undefined;
      }
      return late ? "delay" : "pass";
    },
  };
}

function isCompleteAnswer(text: string): boolean {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd < 0) return false;
  const length = /^content-length: *(\d+)/im.exec(text.slice(0, headEnd));
  return length !== null && text.length >= headEnd + 4 + Number(length[1]);
}

const PREFACE_BYTES = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".length;
const HEADERS = 1;
const END_STREAM = 1;

/** Over HTTP/2 reports overlap: one stream each, which the server ends with its trailers. */
export function grpcWatch(decide: () => Fate): AnswerWatch {
  const fates = new Map<number, Fate>();
  const requests = frameReader(PREFACE_BYTES);
  const answers = frameReader(0);
  return {
    request(chunk) {
      for (const { type, stream } of requests(chunk)) {
        if (type === HEADERS && !fates.has(stream)) fates.set(stream, decide());
        if (fates.get(stream) === "cut_request") return "cut";
      }
      return "pass";
    },
    answer(chunk) {
      const ended = answers(chunk).filter(({ type, flags }) => type === HEADERS && (flags & END_STREAM) !== 0);
      const met = ended.map(({ stream }) => fates.get(stream));
      if (met.includes("lose_answer")) return "reset";
      return met.includes("delay_answer") ? "delay" : "pass";
    },
  };
}

interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
}

const FRAME_HEAD_BYTES = 9;

/** Gives the frames that begin and whose heads are complete in each chunk (RFC 9113, section 4.1). */
function frameReader(skipBytes: number): (chunk: Buffer) => Frame[] {
  let skip = skipBytes;
  let head = Buffer.alloc(0);
  return (chunk) => {
    const frames: Frame[] = [];
    let position = 0;
    while (position < chunk.length) {
      if (skip > 0) {
        const skipped = Math.min(skip, chunk.length - position);
        skip -= skipped;
        position += skipped;
        continue;
      }
      const part = chunk.subarray(position, position + FRAME_HEAD_BYTES - head.length);
      head = Buffer.concat([head, part]);
      position += part.length;
      if (head.length < FRAME_HEAD_BYTES) break;
      frames.push({ type: head[3]!, flags: head[4]!, stream: head.readUInt32BE(5) & 0x7fff_ffff });
      skip = head.readUIntBE(0, 3);
      head = Buffer.alloc(0);
    }
    return frames;
  };
}
