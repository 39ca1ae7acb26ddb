/**
 * What goes through an agent's control socket: a connection is one request and one answer, each a line of JSON. The
 * socket is in the store's folder, for the agent's own user alone.
 */

/** Of the request's line; a reason and some names are far below it. */
export const REQUEST_BYTES_MAX = 64 * 1024;
/** Of the answer's line. */
export const ANSWER_BYTES_MAX = 1024 * 1024;

export type ControlAnswer =
  | { readonly type: "done"; readonly value: unknown }
  /** It cannot be: nothing was changed. */
  | { readonly type: "refused"; readonly message: string }
  /** Not now, or it is not known whether it was done: it may be asked again. */
  | { readonly type: "failed"; readonly message: string };

/** Answers what was sent; never throws. */
export type ControlHandler = (request: unknown, signal: AbortSignal) => Promise<ControlAnswer>;

export interface ControlServer {
  /** Takes the socket away; what is being answered still is, until the deadline. Safe twice. */
  close(deadline: AbortSignal): Promise<void>;
}

/** Listens for requests in a folder that the agent has locked. */
export type ListenControl = (folder: string, handler: ControlHandler, signal: AbortSignal) => Promise<ControlServer>;

/** Why nobody was asked: `absent`, nobody listens in the folder; `broken`, somebody did, and no answer came. */
export class ControlError extends Error {
  override readonly name = "ControlError";
  readonly type: "absent" | "broken" | "forbidden";

  constructor(type: ControlError["type"], message: string, cause?: unknown) {
    super(message, { cause });
    this.type = type;
  }
}
