/** One message of HTTP/1.1 whose length is told by its head, as both GOST and gostcol tell it. */
export interface HttpMessage {
  /** The first line: a request's method and target, or an answer's status. */
  readonly first: string;
  readonly body: string;
}

/** Gives the messages that each chunk of one direction completes (RFC 9112, section 6). */
export function httpMessageReader(): (chunk: Buffer) => HttpMessage[] {
  let kept = Buffer.alloc(0);
  return (chunk) => {
    kept = Buffer.concat([kept, chunk]);
    const complete: HttpMessage[] = [];
    for (;;) {
      const headEnd = kept.indexOf("\r\n\r\n");
      if (headEnd < 0) return complete;
      const head = kept.toString("latin1", 0, headEnd);
      const bodyAt = headEnd + 4;
      const end = bodyAt + Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
      if (kept.length < end) return complete;
      complete.push({ first: head.slice(0, head.indexOf("\r\n")), body: kept.toString("utf8", bodyAt, end) });
      kept = kept.subarray(end);
    }
  };
}
