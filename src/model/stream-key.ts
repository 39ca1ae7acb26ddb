/** Whose numbers a stream holds. */
export interface StreamOwner {
  readonly node: string;
  /** The level at which they are counted, such as `service` or `handler`. */
  readonly kind: string;
  readonly service: string;
  /** Absent for the numbers of the service itself; null for those of all clients that found no room for streams of their own. */
  readonly client?: string | null | undefined;
}

/** The lasting name of a stream, in stores too: made of whose it is, and never of anything configured. */
export function streamKey({ node, kind, service, client }: StreamOwner): string {
  return JSON.stringify(client === undefined ? [node, kind, service] : [node, kind, service, client]);
}

/** The lasting name of a source: the same, without a client. */
export function sourceKey({ node, kind, service }: StreamOwner): string {
  return streamKey({ node, kind, service });
}

/** Whose stream a key names; throws where it is none. */
export function ownerOfStream(key: string): StreamOwner {
  const parts: unknown = JSON.parse(key);
  if (!Array.isArray(parts) || parts.length < 3 || parts.length > 4) throw new Error(`not the key of a stream: ${key}`);
  const [node, kind, service, client] = parts as [string, string, string, string | null | undefined];
  return { node, kind, service, ...(client === undefined ? {} : { client }) };
}
