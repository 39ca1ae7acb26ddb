import { randomBytes } from "node:crypto";
import { gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { compressor } from "./compression.ts";

const UNDO = { gzip: gunzipSync, deflate: inflateSync, zstd: zstdDecompressSync } as const;
const MESSAGES = [Buffer.alloc(0), Buffer.from("short"), Buffer.from("gostcol ".repeat(50_000)), randomBytes(300_000)];

test.each(["gzip", "deflate", "zstd"] as const)(
  "%s: messages one after the other, and many at a time, each come back as they were",
  async (name) => {
    const compress = compressor(name, 1);
    for (const message of [...MESSAGES, ...MESSAGES]) {
      expect(Buffer.compare(UNDO[name](await compress(message)), message)).toBe(0);
    }
    const compressed = await Promise.all([...MESSAGES, ...MESSAGES].map(compress));
    for (const [index, bytes] of compressed.entries()) {
      expect(Buffer.compare(UNDO[name](bytes), MESSAGES[index % MESSAGES.length]!)).toBe(0);
    }
  },
);
