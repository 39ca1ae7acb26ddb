/** What is smaller may stand in memory that it shares with others (Node's pool), and is not worth it. */
const BYTES_MIN = 64 * 1024;

/**
 * Gives back the memory of bytes that nobody looks at any more, in place of leaving it to V8, which has it freed by the next
 * full collection: by then there are tens of megabytes of it, and what was taken meanwhile stands between what is kept.
 * For bytes that have memory of their own, and that nothing in Node still writes or reads; whoever has a part of them
 * finds it empty.
 */
export function free({ buffer, byteLength }: ArrayBufferView): void {
  if (byteLength >= BYTES_MIN && buffer instanceof ArrayBuffer) buffer.transfer(0);
}
