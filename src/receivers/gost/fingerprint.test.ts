import fc from "fast-check";
import { expect, test } from "vitest";
import { viewOf } from "../../lib/view-of.ts";
import { fingerprintOf } from "./fingerprint.ts";

const printOf = (body: Uint8Array) => fingerprintOf(viewOf(body));

const bodies = fc.uint8Array({ minLength: 1, maxLength: 100 });

test("equal bytes have one fingerprint, wherever they stand: a whole number that a double holds", () => {
  fc.assert(
    fc.property(bodies, fc.nat(9), (body, offset) => {
      const moved = Buffer.concat([Buffer.alloc(offset), body]).subarray(offset);
      expect(printOf(moved)).toBe(printOf(body));
      expect(Number.isSafeInteger(printOf(body))).toBe(true);
    }),
  );
});

test("no byte can be another, or left out, without another fingerprint", () => {
  fc.assert(
    fc.property(bodies, fc.nat(), fc.integer({ min: 1, max: 255 }), (body, place, change) => {
      const at = place % body.length;
      const fingerprint = printOf(body);
      expect(printOf(body.with(at, body[at]! ^ change))).not.toBe(fingerprint);
      expect(printOf(body.filter((_, index) => index !== at))).not.toBe(fingerprint);
    }),
  );
});

test("reports that differ in their counts alone have as many fingerprints as there are", () => {
  const prints = new Set<number>();
  const counts = 300;
  for (let received = 0; received < counts; received++) {
    for (let sent = 0; sent < counts; sent++) {
      prints.add(printOf(Buffer.from(`{"events":[{"inputBytes":${received},"outputBytes":${sent}}]}`)));
    }
  }
  expect(prints.size).toBe(counts ** 2);
});
