/** One frame of HTTP/2 (RFC 9113, section 4.1). */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export const DATA = 0;
export const HEADERS = 1;
export const END_STREAM = 1;

export const PREFACE_BYTES = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".length;
const FRAME_HEAD_BYTES = 9;

/** Gives the frames that each chunk of one direction completes; `skipBytes` come before the first. */
export function frameReader(skipBytes: number): (chunk: Buffer) => Frame[] {
  let skip = skipBytes;
  let kept = Buffer.alloc(0);
  return (chunk) => {
    kept = Buffer.concat([kept, chunk]);
    const skipped = Math.min(skip, kept.length);
    skip -= skipped;
    kept = kept.subarray(skipped);
    const frames: Frame[] = [];
    while (kept.length >= FRAME_HEAD_BYTES) {
      const end = FRAME_HEAD_BYTES + kept.readUIntBE(0, 3);
      if (kept.length < end) break;
      const [type, flags] = [kept[3]!, kept[4]!];
      const stream = kept.readUInt32BE(5) & 0x7fff_ffff;
      frames.push({ type, flags, stream, payload: kept.subarray(FRAME_HEAD_BYTES, end) });
      kept = kept.subarray(end);
    }
    return frames;
  };
}
