import fc from "fast-check";
import { expect, test } from "vitest";
import { LabelIndex, LabelKey } from "./label-index.ts";
import { LabelPack } from "./label-pack.ts";

/** Some longer than the pieces that a pack's memory is made of, some in other alphabets, and the empty one. */
const TEXT = fc.oneof(
  { weight: 8, arbitrary: fc.string({ unit: "grapheme", maxLength: 12 }) },
  fc
    .tuple(fc.constantFrom("a", "é", "😀"), fc.constantFrom(1000, 30_000, 70_000))
    .map(([of, count]) => of.repeat(count)),
);

/** One that gives many texts the same hash, so that entries stand in each other's way. */
class CrowdedKey extends LabelKey {
  override get hash(): number {
    return (super.hash % 5) * 2 ** 29 + 2 ** 28;
  }
}

test.each([LabelKey, CrowdedKey])("a pack and its index have the texts that were added and not taken out", (Key) => {
  const step = fc.oneof({ weight: 3, arbitrary: fc.record({ add: TEXT }) }, fc.record({ take: fc.nat() }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), fc.integer(), (steps, seed) => {
      const pack = new LabelPack("allow-utf-8");
      const index = new LabelIndex(pack);
      const key = new Key(seed);
      const model: string[] = [];
      for (const each of steps) {
        if ("add" in each) {
          const known = model.indexOf(each.add);
          expect(index.find(key.set(each.add))).toBe(known < 0 ? undefined : known);
          if (known >= 0) continue;
          pack.add(each.add);
          index.added(key);
          model.push(each.add);
        } else if (model.length > 0) {
          const position = each.take % model.length;
          index.moveLastTo(position);
          pack.moveLastTo(position);
          const last = model.pop()!;
          if (position < model.length) model[position] = last;
        }
      }
      expect(pack.size).toBe(model.length);
      for (const [position, text] of model.entries()) {
        expect(pack.text(position) === text).toBe(true);
        expect(index.find(key.set(text))).toBe(position);
      }
    }),
  );
});

test("a hundred thousand texts are found, and so is what is left when most of them are gone", () => {
  const pack = new LabelPack("allow-utf-8");
  const index = new LabelIndex(pack);
  const key = new LabelKey(1);
  const text = (of: number) => `client="client-${of}",job="gost"`;
  for (let each = 0; each < 100_000; each++) {
    pack.add(text(each));
    index.added(key.set(text(each)));
  }
  const missed = () => {
    let count = 0;
    for (let at = 0; at < pack.size; at++) if (index.find(key.set(pack.text(at))) !== at) count++;
    return count;
  };
  expect(missed()).toBe(0);
  expect(index.find(key.set(text(100_000)))).toBe(undefined);
  while (pack.size > 1000) {
    index.moveLastTo(pack.size % 997);
    pack.moveLastTo(pack.size % 997);
  }
  expect(missed()).toBe(0);
});
