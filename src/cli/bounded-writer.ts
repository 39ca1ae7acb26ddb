/** What may wait for whoever reads an output of the process. */
const UNREAD_BYTES_MAX = 16 * 1024 ** 2;

/**
 * A way to write that does not wait and does not fill the memory: a pipe whose reader is stuck takes nothing more. False
 * where a text was not written for that; all of it or nothing is.
 */
export function boundedWriter(write: (text: string) => void, unreadBytes: () => number): (text: string) => boolean {
  return (text) => {
    if (unreadBytes() >= UNREAD_BYTES_MAX) return false;
    write(text);
    return true;
  };
}
