import { STATUS_CODES } from "node:http";
import type { ServerAnswer } from "../../component/server.ts";

/** What stands first in an answer. Most is a success, for which Node's HTTP need not be loaded. */
export function statusLine(status: number): string {
  return `HTTP/1.1 ${status} ${status === 200 ? "OK" : (STATUS_CODES[status] ?? "unknown")}`;
}

/**
 * The lines that an answer brings, as names and values in turn: always with its Content-Length, without which GOST drops the
 * connection. `isLast`: the connection ends behind it.
 */
export function answerLines({ status, headers, body = "" }: ServerAnswer, isLast: boolean): string[] {
  const lines: string[] = [];
  if (headers)
    for (const name in headers) if (name.toLowerCase() !== "content-length") lines.push(name, headers[name]!);
  if (!isBodiless(status)) {
    lines.push("Content-Length", String(typeof body === "string" ? Buffer.byteLength(body) : body.byteLength));
  }
  if (isLast) lines.push("Connection", "close");
  return lines;
}

/** The same for a connection that never came to a request that could be parsed: the last thing on it. */
export function lastWords(status: number, text: string): string {
  const body = `${text}\n`;
  return [
    statusLine(status),
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
