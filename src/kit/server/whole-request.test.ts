import { describe, expect, test } from "vitest";
import { WholeRequests } from "./whole-request.ts";

const requests = new WholeRequests();
const read = (text: string) => requests.read(Buffer.from(text, "latin1"));
const withLines = (...lines: string[]) => `POST / HTTP/1.1\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`;

describe("a whole request", () => {
  test("is read with its method, its path, its query, its headers and its body", () => {
    const whole = read(
      'POST /observer?node=edge-1#%20 HTTP/1.1\r\nHost: a:8000\r\nX-Two:\t1 \r\nx-two: 2\r\nX-Latin:\xa0\xe9\xa0\r\nContent-Length: 8\r\n\r\n{"a":\r\n}',
    );
    const { head, body } = whole!;
    expect([head.method, head.path, head.query]).toEqual(["POST", "/observer", "node=edge-1#%20"]);
    expect(["host", "x-two", "x-latin", "content-length", "two", "x"].map((name) => head.header(name))).toEqual([
      "a:8000",
      "1",
      "\xa0\xe9\xa0",
      "8",
      undefined,
      undefined,
    ]);
    expect(body.toString()).toBe('{"a":\r\n}');
  });

  test("is known by its head, whatever stands behind that, as long as it is as long as it says", () => {
    const head = withLines("Token: a", "Content-Length: 1");
    const [first, second] = [read(`${head}a`), read(`${head}b`)];
    expect(second?.head).toBe(first?.head);
    expect([first, second].map((whole) => whole?.body.toString())).toEqual(["a", "b"]);
    expect([1, 2].map(() => [second?.head.header("token"), second?.head.header("x")])).toEqual([
      ["a", undefined],
      ["a", undefined],
    ]);
    expect(read(`${head}ab`)).toBeUndefined();
    expect(read(head)).toBeUndefined();
    for (let others = 0; others < 2000; others++) read(withLines(`Token: ${others}`));
    expect(read(`${head}a`)?.head).not.toBe(first?.head);
    expect(read(`${head}a`)?.head.header("token")).toBe("a");
  });

  test("may have no headers and no body", () => {
    const { head, body } = read("GET / HTTP/1.1\r\n\r\n")!;
    expect([head.method, head.header("host"), body.length]).toEqual(["GET", undefined, 0]);
  });

  test.each([
    withLines("Connection: keep-alive", "Content-Length: 0"),
    withLines("connection:Keep-Alive\t"),
    withLines("X-Connection: close", "X-Expect: 1", "Transfer-Encoding-Of: b"),
    withLines("X-Empty:", `X-Long: ${"x".repeat(16_000)}`),
  ])("may have headers that change nothing: %j", (text) => {
    expect(read(text)).toBeDefined();
  });
});

describe("no whole request is", () => {
  test.each([
    ["a part of the first line", "POST / HT"],
    ["a part of the headers", "POST / HTTP/1.1\r\nHost: a\r\n"],
    ["a part of the body", `${withLines("Content-Length: 2")}a`],
    ["more than the body", `${withLines("Content-Length: 2")}abc`],
    ["two requests", withLines().repeat(2)],
    ["a body without a length", `${withLines()}a`],
    ["another method", "PUT / HTTP/1.1\r\n\r\n"],
    ["a method in lower case", "post / HTTP/1.1\r\n\r\n"],
    ["another version", "GET / HTTP/1.0\r\n\r\n"],
    ["a whole URL", "GET http://a/ HTTP/1.1\r\n\r\n"],
    ["two spaces", "GET  / HTTP/1.1\r\n\r\n"],
    ["a target with a letter that is not ASCII", "GET /\xe9 HTTP/1.1\r\n\r\n"],
    ["an empty line before it", "\r\nGET / HTTP/1.1\r\n\r\n"],
    ["a body in chunks", `${withLines("Transfer-Encoding: chunked")}0\r\n\r\n`],
    ["both framings", withLines("Content-Length: 0", "Transfer-Encoding: chunked")],
    ["one that waits for 100 Continue", withLines("expect: 100-continue")],
    ["one that wants another protocol", withLines("Connection: Upgrade", "Upgrade: h2c")],
    ["the last one of its connection", withLines("Connection: close")],
    ["the last one as a proxy says it", withLines("Proxy-Connection: close")],
    ["one of several wishes", withLines("Connection: keep-alive, close")],
    ["one of several wishes in two lines", withLines("Connection: keep-alive", "Connection: close")],
    ["one with two lengths", withLines("Content-Length: 0", "Content-Length: 0")],
    ["one with a list of lengths", withLines("Content-Length: 0, 0")],
    ["one with a length that is no number", withLines("Content-Length: 0x0")],
    ["one with an empty length", withLines("Content-Length:")],
    ["one with a signed length", withLines("Content-Length: +0")],
    ["a folded line", withLines("X: 1", " 2")],
    ["a space before the colon", withLines("X : 1")],
    ["a line without a colon", withLines("X")],
    ["a header without a name", withLines(": 1")],
    ["a bare line feed", "GET / HTTP/1.1\r\nX: 1\nY: 2\r\n\r\n"],
    ["a bare carriage return", withLines("X: 1\r2")],
    ["a NUL", withLines("X: \0")],
    ["one with more than 16 KiB of headers", withLines(`X: ${"x".repeat(17_000)}`)],
  ])("%s", (_name, text) => {
    expect(read(text)).toBeUndefined();
  });

  test("found slowly, however it goes on", () => {
    // A pattern that tries again at each letter would take hours.
    for (const filling of ["a", "a:", ":a\r\n", "\r\n", "a: \t", "\t"]) {
      expect(read(`GET / HTTP/1.1\r\n${filling.repeat(16_000 / filling.length)}\0\r\n\r\n`)).toBeUndefined();
    }
  });
});
