import fc from "fast-check";
import { expect, test } from "vitest";
import { RecentTexts, type SlicedBuffer } from "./recent-texts.ts";

test("bytes are the text that they are, whatever came before them", () => {
  const text = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 4 }).map((each) => Buffer.from(each)),
    // Damaged ones, and characters that look like the bytes of others.
    fc.uint8Array({ maxLength: 2 }).map((each) => Buffer.from(each)),
    fc.constantFrom("é", "Ã©", "\ufffd", "", "\0", "x".repeat(64), "x".repeat(65)).map((each) => Buffer.from(each)),
  );
  fc.assert(
    fc.property(fc.array(text, { maxLength: 200 }), (all) => {
      const texts = new RecentTexts();
      const bytes = Buffer.concat(all) as unknown as SlicedBuffer;
      for (let round = 0; round < 2; round++) {
        let at = 0;
        for (const each of all) {
          expect(texts.text(bytes, at, at + each.length)).toBe(each.toString());
          at += each.length;
        }
      }
    }),
  );
});
