import { expect, test } from "vitest";
import { type GostRig, startReceiver, stats } from "../../../test/support/gost-rig.ts";
import { Refusal } from "../../component/refusal.ts";

const web = stats("service", "web", [1, 0, 5, 5, 0]);

const nodesOf = ({ taken }: GostRig) =>
  taken.flatMap(({ metrics }) => metrics.flatMap(({ source }) => (source === undefined ? [] : [source.source.node])));

const warnings = ({ lines }: GostRig) => lines.flatMap(({ level, message }) => (level === "warn" ? [message] : []));

/** The receivers of one store, one after the other. */
function sameStore(): (hostName: string, node?: { readonly default: string }) => Promise<GostRig> {
  const stored = new Map<string, unknown>();
  const names = new Map<string, unknown>();
  return (hostName, node) => startReceiver(node === undefined ? {} : { node }, stored, { hostName, names });
}

test("a node that nothing names is called as this machine was when it was first counted, whatever that is called now", async () => {
  const start = sameStore();
  const first = await start("first");
  await first.post([web], "/observer");
  const second = await start("second");
  expect(warnings(second)).toEqual([
    "this machine was called first when a node without a name of its own was counted first, and is called second now: " +
      "such nodes go on under the first name. Set node.default to give them one",
  ]);
  await second.post([web], "/observer");
  const third = await start("first");
  await third.post([web], "/observer");
  expect([first, second, third].map(nodesOf)).toEqual([["first"], ["first"], ["first"]]);
  expect([first, third].flatMap(warnings)).toEqual([]);
});

test("as long as none was counted, this machine may be called anything", async () => {
  const start = sameStore();
  const first = await start("first");
  await first.post([web], "/observer?node=edge-1");
  first.refuse.consume = new Refusal("retryable", "full", "no room");
  await first.post([web], "/observer");
  const second = await start("second");
  await second.post([web], "/observer");
  expect([nodesOf(second), warnings(second)]).toEqual([["second"], []]);
  expect(nodesOf(await start("third"))).toEqual([]);
});

test("one that was refused at first is named with the report that is taken", async () => {
  const start = sameStore();
  const first = await start("first");
  first.refuse.consume = new Refusal("retryable", "full", "no room");
  await first.post([web], "/observer");
  delete first.refuse.consume;
  await first.post([web], "/observer");
  const second = await start("second");
  await second.post([web], "/observer");
  expect(nodesOf(second)).toEqual(["first"]);
});

test("the name that is configured comes first, and leaves no trace", async () => {
  const start = sameStore();
  const first = await start("first", { default: "edge-1" });
  await first.post([web], "/observer");
  const second = await start("second");
  await second.post([web], "/observer");
  const third = await start("third", { default: "edge-3" });
  await third.post([web], "/observer");
  expect([first, second, third].map(nodesOf)).toEqual([["edge-1"], ["second"], ["edge-3"]]);
  expect([first, second, third].flatMap(warnings)).toEqual([]);
});
