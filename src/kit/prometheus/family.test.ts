import fc from "fast-check";
import { expect, test } from "vitest";
import type { Histogram } from "../../model/points.ts";
import type { Escaping } from "./escaping.ts";
import { Family } from "./family.ts";

const description = { name: "x", type: "gauge", help: "", unit: "" } as const;

function texts(family: Family, escaping: Escaping): string[] {
  const pack = family.labelPack(escaping);
  return Array.from({ length: family.size }, (_, position) => pack.text(position));
}

/** All that a family shows, by labels. */
function shown(family: Family): Record<string, unknown> {
  const samples = texts(family, "allow-utf-8").map((labels, position) => [
    labels,
    {
      value: family.value(position),
      timeMs: family.timeMs(position),
      createdMs: family.createdMs(position),
      exemplars: family.exemplars(position),
    },
  ]);
  return Object.fromEntries(samples);
}

test("a family shows exactly the samples that were added and not taken out, each with what is its own", () => {
  const HISTOGRAM: Histogram = { count: 1, bounds: [], counts: [1] };
  const step = fc.oneof(
    fc.record({ add: fc.string({ maxLength: 8 }) }),
    fc.record({
      show: fc.nat(),
      value: fc.oneof(fc.integer(), fc.constant(HISTOGRAM)),
      timeMs: fc.nat(),
      exemplar: fc.option(fc.nat()),
    }),
    fc.record({ take: fc.nat() }),
    fc.record({ look: fc.constantFrom<Escaping>("underscores", "values") }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      // Of a histogram family, so that both kinds of values move.
      const family = new Family({ ...description, type: "histogram" });
      const model: { labels: string; shown: unknown }[] = [];
      for (const each of steps) {
        if ("add" in each) {
          const text = `${model.length},${JSON.stringify(each.add).replace(/["\\]/g, "'")}`;
          const labels = `"o.dd"="${text}"`;
          if (model.some((one) => one.labels === labels)) continue;
          expect(family.addText(labels)).toBe(model.length);
          model.push({ labels, shown: { value: 0, timeMs: 0, createdMs: 0, exemplars: undefined } });
        } else if ("look" in each) {
          const pack = texts(family, each.look);
          const name = each.look === "values" ? "U__o_2e_dd" : "o_dd";
          expect(pack).toEqual(model.map(({ labels }) => labels.replace('"o.dd"', name)));
        } else if (model.length > 0 && "take" in each) {
          const position = each.take % model.length;
          family.delete(position);
          const last = model.pop()!;
          if (position < model.length) model[position] = last;
        } else if ("show" in each && model.length > 0) {
          const position = each.show % model.length;
          const { timeMs, exemplar } = each;
          const exemplars = exemplar === null ? undefined : [{ time: 0, value: exemplar, attributes: {} }];
          // What is a number stays one.
          const value = typeof family.value(position) === "number" ? each.value : HISTOGRAM;
          family.show(position, value, timeMs, timeMs / 2);
          family.showExemplars(position, exemplars);
          model[position]!.shown = { value, timeMs, createdMs: timeMs / 2, exemplars };
        }
      }
      expect(family.size).toBe(model.length);
      expect(shown(family)).toEqual(Object.fromEntries(model.map(({ labels, shown }) => [labels, shown])));
    }),
  );
});

test("one odd label name among classic ones is written for each scraper as it asks", () => {
  const family = new Family(description);
  family.add({ classic: "1" });
  expect(texts(family, "underscores")).toEqual(['classic="1"']);
  family.add({ "o.dd": "2" });
  expect(texts(family, "underscores")).toEqual(['classic="1"', 'o_dd="2"']);
  expect(texts(family, "allow-utf-8")).toEqual(['classic="1"', '"o.dd"="2"']);
});
