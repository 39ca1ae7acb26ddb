import { expect, test } from "vitest";
import { AnswerTexts } from "./plain-reply.ts";

test("the text of an answer that is given again is that of its own time and place", () => {
  let date = "Mon, 01 Jan 2024 00:00:00 GMT";
  const texts = new AnswerTexts(() => date);
  const answer = { status: 200, headers: { "Content-Type": "text/plain" }, body: "größer\n" };
  const first = texts.of(answer, false);
  expect(Buffer.from(first, "latin1").toString()).toBe(
    [
      "HTTP/1.1 200 OK",
      "Content-Type: text/plain",
      "Content-Length: 9",
      "Date: Mon, 01 Jan 2024 00:00:00 GMT",
      "Connection: keep-alive",
      "",
      "größer\n",
    ].join("\r\n"),
  );
  expect(texts.of(answer, false)).toBe(first);
  expect(texts.of(answer, true)).toBe(
    first.replace("Date", "Connection: close\r\nDate").replace("Connection: keep-alive\r\n", ""),
  );
  expect(texts.of({ ...answer, status: 503 }, false)).toBe(first.replace("200 OK", "503 Service Unavailable"));
  date = "Mon, 01 Jan 2024 00:00:01 GMT";
  expect(texts.of(answer, false)).toBe(first.replace("00:00:00", "00:00:01"));
});
