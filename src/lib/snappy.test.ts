import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { snappyDecompressed } from "../../test/support/snappy-decompressed.ts";
import { seededRandom } from "./random.ts";
import { snappyCompressed } from "./snappy.ts";

function same(input: Uint8Array): void {
  expect(snappyDecompressed(snappyCompressed(input)).equals(Buffer.from(input))).toBe(true);
}

describe("snappyCompressed", () => {
  it("writes what the format's description says", () => {
    expect(Buffer.from(snappyCompressed(new Uint8Array())).toString("hex")).toBe("00");
    expect(Buffer.from(snappyCompressed(Buffer.from("abc"))).toString("hex")).toBe("0308616263");
    // One byte as it is, then a copy of 64, one of 31 bytes, from one byte back.
    expect(Buffer.from(snappyCompressed(Buffer.alloc(96, "a"))).toString("hex")).toBe("600061fe01007a0100");
  });

  it("comes back as it was, whatever it is made of", () => {
    const pieces = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 80 }),
        fc.constantFrom(Buffer.from("gost_client_io_bytes"), Buffer.alloc(70)),
      ),
      { maxLength: 60 },
    );
    fc.assert(fc.property(pieces, (all) => same(Buffer.concat(all))));
  });

  it.each([1, 3, 4, 59, 60, 61, 256, 257, 65_535, 65_536, 65_537, 131_075, 300_000])(
    "keeps %i bytes of noise, of nothing and of text",
    (length) => {
      const random = seededRandom(length);
      const noise = Uint8Array.from({ length }, () => random.integer(256));
      const text = Buffer.from("instance=edge-1,job=gost;".repeat(Math.ceil(length / 25))).subarray(0, length);
      for (const input of [noise, new Uint8Array(length), text]) same(input);
      expect(snappyCompressed(noise).length).toBeLessThanOrEqual(length + 8 + 3 * Math.ceil(length / 65_536));
    },
  );

  it("makes text that repeats itself much smaller", () => {
    const text = Buffer.from(
      Array.from({ length: 500 }, (_, index) => `gost_client_io_bytes_total{client="user-${index}"} 1\n`).join(""),
    );
    expect(snappyCompressed(text).length).toBeLessThan(text.length / 3);
  });
});
