import { expect, test } from "vitest";
import { boundedWriter } from "./bounded-writer.ts";

test("what a stuck reader leaves unread is bounded, and there is room again once it reads", () => {
  const pipe = { unread: 0 };
  const write = boundedWriter(
    (text) => {
      pipe.unread += text.length;
    },
    () => pipe.unread,
  );
  const page = "x".repeat(1024 ** 2);
  const written = Array.from({ length: 1000 }, () => write(page)).filter(Boolean).length;
  expect(written).toBe(16);
  expect(pipe.unread).toBe(16 * 1024 ** 2);
  pipe.unread = 0;
  expect(write(page)).toBe(true);
});
