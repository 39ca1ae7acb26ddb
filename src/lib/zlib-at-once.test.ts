import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { deflateSync, gunzipSync, gzipSync, inflateSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { atOnce } from "./zlib-at-once.ts";

const MEBIBYTE = 1024 * 1024;

test.each([
  ["gzip", gzipSync, gunzipSync],
  ["deflate", deflateSync, inflateSync],
  ["zstd", zstdCompressSync, zstdDecompressSync],
])("%s gives what it gives otherwise", (_, pack, unpack) => {
  const text = Buffer.from("gostcol ".repeat(10_000));
  expect(atOnce(unpack, atOnce(pack, text, {}), {})).toEqual(text);
  expect(atOnce(unpack, atOnce(pack, Buffer.alloc(0), {}), {})).toEqual(Buffer.alloc(0));
});

test("what it gave goes with the next collections of young objects", async () => {
  setFlagsFromString("--expose-gc");
  const collectYoung = () => runInNewContext("gc")({ type: "minor" });
  const packed = gzipSync(Buffer.alloc(MEBIBYTE));
  const before = process.memoryUsage().arrayBuffers;
  for (let count = 0; count < 50; count++) atOnce(gunzipSync, packed, { chunkSize: MEBIBYTE + 1 });
  const left = () => {
    collectYoung();
    return process.memoryUsage().arrayBuffers - before; // V8 gives them back in a thread of its own, a moment later.
  };
  await expect.poll(left).toBeLessThan(25 * MEBIBYTE);
});
