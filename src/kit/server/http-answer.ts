import { type ServerResponse, STATUS_CODES } from "node:http";
import type { ServerAnswer } from "../../component/server.ts";

/** Writes an answer in one go, always with its Content-Length: GOST drops a connection whose reply is chunked. */
export function writeAnswer(response: ServerResponse, answer: ServerAnswer, isLast: boolean): void {
  const { status, headers, body = "" } = answer;
  const lines: string[] = [];
  if (headers)
    for (const name in headers) if (name.toLowerCase() !== "content-length") lines.push(name, headers[name]!);
  if (!isBodiless(status)) {
    lines.push("Content-Length", String(typeof body === "string" ? Buffer.byteLength(body) : body.byteLength));
  }
  if (isLast) lines.push("Connection", "close");
  response.writeHead(status, lines);
  response.end(body);
}

/** The same for a connection that never came to a request that could be parsed: the last thing on it. */
export function lastWords(status: number, text: string): string {
  const body = `${text}\n`;
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "Connection: close",
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "",
    body,
  ].join("\r\n");
}

/** Statuses whose answers have no body, and so no length (RFC 9110, section 8.6). */
const isBodiless = (status: number) => status < 200 || status === 204 || status === 304;

/** A plain text with its Content-Type. */
export function textAnswer(status: number, text: string): ServerAnswer {
  return { status, headers: { "Content-Type": "text/plain; charset=utf-8" }, body: `${text}\n` };
}
