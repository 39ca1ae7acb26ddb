import type { ServerAnswer, ServerRequest } from "../../component/server.ts";
import type { HttpConfig } from "./config.ts";

/** What browsers are told of who may send: https://fetch.spec.whatwg.org/#http-cors-protocol */
export interface Cors {
  /** The answer to the question that a browser asks before it sends; undefined where this is no such question. */
  preflight(request: ServerRequest): ServerAnswer | undefined;
  /** The answer, with what lets the page that sent the request see it. */
  visible(request: ServerRequest, answer: ServerAnswer): ServerAnswer;
}

export function corsOf(config: HttpConfig["cors"]): Cors {
  if (!config || config.allowed_origins.length === 0) return NO_CORS;
  const { allowed_origins, allowed_headers, exposed_headers, max_age } = config;
  const isAllowed = originMatcher(allowed_origins);
  const allowed = ["Content-Type", "Content-Encoding", ...allowed_headers].join(", ");
  const originHeaders = (request: ServerRequest): Record<string, string> | undefined => {
    const origin = request.header("origin");
    return origin !== undefined && isAllowed(origin)
      ? { "Access-Control-Allow-Origin": origin, Vary: "Origin" }
      : undefined;
  };
  return {
    preflight(request) {
      if (request.method !== "OPTIONS" || request.header("access-control-request-method") === undefined)
        return undefined;
      const headers = originHeaders(request);
      if (headers === undefined) return { status: 204, headers: { Vary: "Origin" } };
      return {
        status: 204,
        headers: {
          ...headers,
          "Access-Control-Allow-Methods": "POST",
          "Access-Control-Allow-Headers": allowed,
          ...(max_age > 0 && { "Access-Control-Max-Age": String(max_age) }),
        },
      };
    },
    visible(request, answer) {
      const headers = originHeaders(request);
      if (headers === undefined) return answer;
      if (exposed_headers.length > 0) headers["Access-Control-Expose-Headers"] = exposed_headers.join(", ");
      return { ...answer, headers: { ...answer.headers, ...headers } };
    },
  };
}

const NO_CORS: Cors = { preflight: () => undefined, visible: (_request, answer) => answer };

/** Whether an origin is one of these; each may have one `*`, which stands for any text. */
function originMatcher(patterns: readonly string[]): (origin: string) => boolean {
  const parts = patterns.map((pattern) => {
    const star = pattern.indexOf("*");
    return star === -1 ? pattern : ([pattern.slice(0, star), pattern.slice(star + 1)] as const);
  });
  return (origin) =>
    parts.some((part) => {
      if (typeof part === "string") return part === origin;
      const [begin, end] = part;
      return origin.length >= begin.length + end.length && origin.startsWith(begin) && origin.endsWith(end);
    });
}
