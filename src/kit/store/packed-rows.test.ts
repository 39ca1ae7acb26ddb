import { expect, test } from "vitest";
import { eachRow, RowPacker } from "./packed-rows.ts";

test("rows come out one scope after the other, and within each as they were put in", () => {
  const packer = new RowPacker(6);
  packer.addBytes({ name: "a" }, "z", Buffer.from("one"));
  packer.addBytes({ name: "b" }, "k", Buffer.from("two"));
  packer.addBytes({ name: "a", archived: true }, "z", Buffer.from(""));
  packer.addRemoved({ name: "b" }, "ж");
  packer.addBytes({ name: "a" }, "", Buffer.from("three"));
  packer.addBytes({ name: "b" }, "l", Buffer.from("four"));
  const rows: unknown[] = [];
  eachRow(packer.packed(), ({ name, archived }, key, value) => {
    rows.push([archived ? `${name} archived` : name, key, value && Buffer.from(value).toString()]);
  });
  expect(rows).toEqual([
    ["a", "z", "one"],
    ["a", "", "three"],
    ["b", "k", "two"],
    ["b", "ж", undefined],
    ["b", "l", "four"],
    ["a archived", "z", ""],
  ]);
});
