import fc from "fast-check";
import { expect, test } from "vitest";
import { NumberList } from "./number-list.ts";

test.each([Float64Array, Uint32Array])("a list has what was added and not taken out, and little to spare", (kind) => {
  const step = fc.oneof(
    { weight: 2, arbitrary: fc.record({ add: fc.nat(), count: fc.integer({ min: 1, max: 50 }) }) },
    fc.record({ take: fc.nat(), count: fc.integer({ min: 1, max: 50 }) }),
  );
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const list = new NumberList<Float64Array | Uint32Array>(kind);
      const model: number[] = [];
      for (const each of steps) {
        for (let turn = 0; turn < each.count; turn++) {
          if ("add" in each) {
            list.push(each.add + turn);
            model.push(each.add + turn);
          } else if (model.length > 0) {
            const index = each.take % model.length;
            list.moveLastTo(index);
            const last = model.pop()!;
            if (index < model.length) model[index] = last;
          }
        }
      }
      expect([...list.numbers.subarray(0, list.length)]).toEqual(model);
      expect(list.numbers.length).toBeLessThanOrEqual(2 * model.length + 10);
    }),
  );
});
