import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { COMPRESSIONS, decompress } from "./decompress.ts";

const compress = { gzip: gzipSync, deflate: deflateSync, zstd: zstdCompressSync } as const;

describe.each(COMPRESSIONS)("%s", (name) => {
  const text = Buffer.from("gostcol ".repeat(1000));

  test("is undone", () => {
    expect(decompress(compress[name](text), name, text.length)).toEqual(text);
  });

  test("is undone up to the limit, and not a byte further", () => {
    expect(decompress(compress[name](text), name, text.length - 1)).toBe("too_large");
  });

  test("of what would fill the memory stops at the limit", () => {
    const bomb = compress[name](Buffer.alloc(64 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(1024 * 1024);
    const before = process.memoryUsage().arrayBuffers;
    expect(decompress(bomb, name, 1024 * 1024)).toBe("too_large");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1024 * 1024);
  });

  test.each([
    ["nothing", Buffer.alloc(0)],
    ["something else", Buffer.from("no compression at all")],
    ["a part", compress[name](text).subarray(0, 20)],
  ])("of %s is damaged", (_, bytes) => {
    expect(decompress(bytes, name, 1_000_000)).toBe("damaged");
  });
});

test("a zstd stream may want a window of 8 MiB, and no larger one", () => {
  // A frame (RFC 8878): magic number, no flags, the window's descriptor, and a last block that is empty.
  const frame = (windowLog: number) => Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, (windowLog - 10) << 3, 1, 0, 0]);
  expect(decompress(frame(23), "zstd", 1000)).toEqual(Buffer.alloc(0));
  expect(decompress(frame(24), "zstd", 1000)).toBe("damaged");
});
