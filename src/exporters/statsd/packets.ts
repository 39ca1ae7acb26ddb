/** Lines that travel together. */
export interface Packet {
  readonly bytes: Buffer;
  /** How many lines are in it. */
  readonly lines: number;
}

/**
 * Fills packets with lines, none larger than `bytesMax` unless a single line is. Over a stream every line ends with a
 * newline; in a datagram newlines stand between them.
 */
export function* packets(lines: readonly string[], bytesMax: number, isStream: boolean): Generator<Packet> {
  let texts: string[] = [];
  let bytes = 0;
  const packet = (): Packet => ({ bytes: Buffer.from(texts.join("\n") + (isStream ? "\n" : "")), lines: texts.length });
  for (const line of lines) {
    const size = Buffer.byteLength(line) + 1;
    if (texts.length > 0 && bytes + size > bytesMax + (isStream ? 0 : 1)) {
      yield packet();
      texts = [];
      bytes = 0;
    }
    texts.push(line);
    bytes += size;
  }
  if (texts.length > 0) yield packet();
}
