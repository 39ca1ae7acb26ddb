/** The handlers of GOST that the model knows. `auto` is GOST's default: an http, a socks4 and a socks5 handler in one. */
export type HandlerType = "http" | "socks4" | "socks5" | "auto" | "tcp";

/** What a client speaks. `http`: a CONNECT; `http_plain`: requests without a tunnel. */
export type Protocol = "http" | "http_plain" | "socks4" | "socks5" | "tcp";

/** The handlers inside of a handler that count clients, each with counters and a ticker of its own. */
export const EMITTERS: Readonly<Record<HandlerType, readonly string[]>> = {
  http: ["http"],
  socks4: ["socks4"],
  socks5: ["socks5"],
  auto: ["http", "socks4", "socks5"],
  tcp: [],
};

/** What a client can speak to each handler. */
export const PROTOCOLS: Readonly<Record<HandlerType, readonly Protocol[]>> = {
  http: ["http", "http_plain"],
  socks4: ["socks4"],
  socks5: ["socks5"],
  auto: ["http", "http_plain", "socks4", "socks5"],
  tcp: ["tcp"],
};

/** The handler inside that takes a protocol; none where clients are not counted. */
export function emitterOf(protocol: Protocol): string | undefined {
  if (protocol === "tcp") return undefined;
  return protocol === "http_plain" ? "http" : protocol;
}

/**
 * The bytes of a connection's opening, as seen on a running GOST (login of a short name included). Service level counts
 * the raw connection; handler level counts only the head of the reply, and nothing of what the client sent.
 */
export const OPENING: Readonly<
  Record<Protocol, { readonly input: number; readonly output: number; readonly handlerOutput: number }>
> = {
  http: { input: 155, output: 39, handlerOutput: 39 },
  http_plain: { input: 0, output: 0, handlerOutput: 0 },
  socks4: { input: 15, output: 8, handlerOutput: 8 },
  socks5: { input: 26, output: 14, handlerOutput: 10 },
  tcp: { input: 0, output: 0, handlerOutput: 0 },
};

/** What a login that is refused moves on the raw connection. */
export const REFUSED_LOGIN = { inputBytes: 155, outputBytes: 110 };
