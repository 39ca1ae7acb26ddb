import fc from "fast-check";
import { expect, test } from "vitest";
import { BytesList } from "./bytes-list.ts";
import { viewOf } from "./view-of.ts";

/** Some longer than the pieces that a list's memory is made of, and the empty ones. */
const BYTES = fc.oneof(
  { weight: 8, arbitrary: fc.uint8Array({ maxLength: 12 }) },
  fc.tuple(fc.nat(255), fc.constantFrom(1000, 30_000, 70_000)).map(([of, count]) => new Uint8Array(count).fill(of)),
);

test("a list has the bytes that were added and not taken out", () => {
  const step = fc.oneof({ weight: 3, arbitrary: fc.record({ add: BYTES }) }, fc.record({ take: fc.nat() }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const list = new BytesList();
      const model: Uint8Array[] = [];
      for (const each of steps) {
        if ("add" in each) {
          const position = list.add(each.add.length);
          expect(position).toBe(model.length);
          list.chunk(position).set(each.add, list.start(position));
          model.push(each.add);
        } else if (model.length > 0) {
          const position = each.take % model.length;
          list.moveLastTo(position);
          const last = model.pop()!;
          if (position < model.length) model[position] = last;
        }
      }
      expect(list.size).toBe(model.length);
      expect(list.bytes).toBe(model.reduce((sum, { length }) => sum + length, 0));
      for (const [position, bytes] of model.entries()) {
        const start = list.start(position);
        const its = list.chunk(position).subarray(start, start + list.length(position));
        expect(Buffer.compare(its, bytes)).toBe(0);
      }
    }),
  );
});

test("bytes are equal where all of them are", () => {
  fc.assert(
    fc.property(BYTES, BYTES, fc.uint8Array({ maxLength: 5 }), fc.nat(), (before, bytes, around, at) => {
      const list = new BytesList();
      for (const each of [before, bytes]) {
        const position = list.add(each.length);
        list.chunk(position).set(each, list.start(position));
      }
      const message = Buffer.concat([around, bytes, around]);
      const [from, to] = [around.length, around.length + bytes.length];
      expect(list.equals(1, viewOf(message), from, to)).toBe(true);
      expect(list.equals(0, viewOf(message), from, to)).toBe(Buffer.compare(before, bytes) === 0);
      if (bytes.length === 0) return;
      expect(list.equals(1, viewOf(message), from, to - 1)).toBe(false);
      message[from + (at % bytes.length)]! ^= 1;
      expect(list.equals(1, viewOf(message), from, to)).toBe(false);
    }),
  );
});
