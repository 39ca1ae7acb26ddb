import { deflateSync, gunzipSync, gzipSync, inflateSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { atOnce } from "./zlib-at-once.ts";

test.each([
  ["gzip", gzipSync, gunzipSync],
  ["deflate", deflateSync, inflateSync],
  ["zstd", zstdCompressSync, zstdDecompressSync],
])("%s gives what it gives otherwise", (_, pack, unpack) => {
  const text = Buffer.from("gostcol ".repeat(10_000));
  expect(atOnce(unpack, atOnce(pack, text, {}), {})).toEqual(text);
  expect(atOnce(unpack, atOnce(pack, Buffer.alloc(0), {}), {})).toEqual(Buffer.alloc(0));
});

test("nothing that Node may hold on to leads to what it gave", () => {
  let engine: unknown;
  const unpack: typeof gunzipSync = (bytes, options) => {
    const result = gunzipSync(bytes, options);
    engine = (result as unknown as { engine: unknown }).engine;
    return result;
  };
  const given = atOnce(unpack, gzipSync(Buffer.alloc(1000)), { chunkSize: 1001 });
  const known = reachableFrom(engine);
  expect(known.size).toBeGreaterThan(10);
  expect(known.has(given.buffer)).toBe(false);
});

/** All objects that the properties of one lead to, buffers' memory included. */
function reachableFrom(start: unknown): ReadonlySet<unknown> {
  const known = new Set<unknown>([start]);
  for (const object of known) {
    if (ArrayBuffer.isView(object)) {
      known.add(object.buffer);
      continue;
    }
    for (const key of Reflect.ownKeys(object as object)) {
      const { value } = Reflect.getOwnPropertyDescriptor(object as object, key)!;
      if (Object(value) === value) known.add(value);
    }
  }
  return known;
}
