import { describe, expect, test } from "vitest";
import { SeriesTable } from "../../model/series-table.ts";
import { GostSeries } from "./gost-series.ts";
import { literal } from "./literal.ts";
import type { Signature } from "./node.ts";
import { NodeBook } from "./node-book.ts";

function startBook() {
  const table = new SeriesTable();
  const book = new NodeBook(table, new GostSeries(table, {}), { series: 1000, seriesPerNode: 1000 });
  return { table, book, node: book.node("edge-1")! };
}

const signature = (client: string, hash: number, text = `handler web ${client}`): Signature => {
  return {
    text: literal(text),
    hash,
    clientAt: 0,
    clientHash: 0,
    kind: "handler",
    service: "web",
    client,
    emitter: undefined,
  };
};

describe("the signatures of a node", () => {
  test("are one for each emitter, the latest, however its reports are written", () => {
    const { book, node } = startBook();
    const emitter = book.recognise(node, signature("alice", 1));
    const other = signature("alice", 2, "the same in other words");
    expect(book.recognise(node, other)).toBe(emitter);
    expect([...node.signatures]).toEqual([[2, other]]);
    expect(book.recognise(node, { ...other, kind: "service" })).not.toBe(emitter);
  });

  test("are forgotten with their series, and looked up anew when a report of before is still to be sorted", () => {
    const { table, book, node } = startBook();
    const mine = signature("alice", 1);
    const before = book.recognise(node, mine);
    table.sweep(1);
    book.node("edge-1");
    book.service(node, "web");
    table.sweep(1);
    expect([before?.forgotten, node.signatures.size]).toEqual([true, 0]);
    const after = book.recognise(node, mine);
    expect([after?.forgotten, after === before, node.signatures.get(1)]).toEqual([false, false, mine]);
  });

  test("go with a service that is forgotten", () => {
    const { table, book, node } = startBook();
    const emitter = book.recognise(node, signature("alice", 1));
    table.pin(emitter!.stream.series[0]!);
    table.sweep(0);
    expect([emitter?.forgotten, node.signatures.size]).toEqual([true, 0]);
  });

  test("of one hash displace each other, and the one that went takes nothing with it", () => {
    const { table, book, node } = startBook();
    book.recognise(node, signature("alice", 1));
    table.sweep(1);
    const bob = signature("bob", 1);
    book.node("edge-1");
    book.recognise(node, bob);
    table.sweep(1);
    expect([...node.signatures]).toEqual([[1, bob]]);
  });

  test("that are new are welcome only while there is room for a client", () => {
    const table = new SeriesTable();
    const book = new NodeBook(table, new GostSeries(table, {}), { series: 1000, seriesPerNode: 12 });
    const node = book.node("edge-1")!;
    expect([book.known("edge-1").mayGrow, book.known("another").mayGrow]).toEqual([true, true]);
    expect(book.recognise(node, signature("alice", 1))).toBeDefined();
    expect(book.known("edge-1").mayGrow).toBe(false);
    expect(book.recognise(node, signature("bob", 2))).toBeUndefined();
    expect([...node.signatures.keys()]).toEqual([1]);
  });
});
