import fc from "fast-check";
import { expect, test } from "vitest";
import { Family, type Sample } from "./family.ts";

const description = { name: "x", type: "gauge", help: "", unit: "" } as const;

const packed = (family: Family) => {
  const pack = family.labelPack("allow-utf-8");
  return family.samples.map(({ position }) => pack.bytes.toString("utf8", pack.start(position), pack.end(position)));
};

test("a family remembers the labels of exactly the samples that were added and not taken out", () => {
  const step = fc.oneof(
    fc.record({ add: fc.string({ maxLength: 8 }) }),
    fc.record({ take: fc.nat(), twice: fc.boolean() }),
    fc.record({ look: fc.constant(true) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const family = new Family(description);
      const model: Sample[] = [];
      for (const each of steps) {
        if ("add" in each) {
          model.push(family.add({ a: JSON.stringify(each.add).replace(/["\\]/g, "'") }));
        } else if ("take" in each && model.length > 0) {
          const [sample] = model.splice(each.take % model.length, 1);
          family.delete(sample!);
          if (each.twice) family.delete(sample!);
        } else {
          packed(family);
        }
      }
      expect(packed(family).toSorted()).toEqual(model.map(({ labels }) => labels).toSorted());
      expect(new Set(family.samples)).toEqual(new Set(model));
    }),
  );
});

test("one odd label name among classic ones is written for each scraper as it asks", () => {
  const family = new Family(description);
  family.add({ classic: "1" });
  const text = (escaping: "underscores" | "allow-utf-8") => {
    const pack = family.labelPack(escaping);
    return family.samples.map(({ position: at }) => pack.bytes.toString("utf8", pack.start(at), pack.end(at)));
  };
  expect(text("underscores")).toEqual(['classic="1"']);
  family.add({ "o.dd": "2" });
  expect(text("underscores")).toEqual(['classic="1"', 'o_dd="2"']);
  expect(text("allow-utf-8")).toEqual(['classic="1"', '"o.dd"="2"']);
});
