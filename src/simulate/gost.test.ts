import { expect, test } from "vitest";
import { seededRandom } from "../lib/random.ts";
import { virtualClock } from "../lib/virtual-clock.ts";
import { Books, sum } from "./books.ts";
import { Gost } from "./gost.ts";
import type { Answer, Network } from "./network.ts";
import type { Stats } from "./report.ts";
import type { ServiceConfig } from "./service-config.ts";
import { driveTraffic } from "./traffic.ts";

const WEB: ServiceConfig = {
  name: "web",
  handler: "socks5",
  levels: ["service"],
  resetTraffic: false,
  periodMs: 1000,
};
const BOTH = ["service", "handler"] as const;
const SOCKS5 = { input: 26, output: 14 };

test("a service tells that it runs, then that it is ready, each once and in turn", async () => {
  const { gost, calls, clock } = world({ services: [WEB, { ...WEB, name: "socks" }] });
  await gost.start();
  await clock.advanceAsync(10_000);
  expect(calls.map(({ events }) => `${events[0]!.service} ${events[0]!.status?.state}`)).toEqual([
    "web running",
    "socks running",
    "web ready",
    "socks ready",
  ]);
});

test("a status that nobody answers holds up every service", async () => {
  const { gost, calls, clock, answerWith } = world({ services: [WEB, { ...WEB, name: "socks" }] });
  answerWith(() => new Promise<Answer>(() => {}));
  void gost.start();
  await clock.advanceAsync(60_000);
  expect(calls).toHaveLength(1);
  expect(gost.service("web")!.connect("alice", "socks5")).toBeUndefined();
});

test("a status that failed is never repeated", async () => {
  const { gost, calls, clock, answerWith } = world();
  answerWith(() => "failure");
  await gost.start();
  await clock.advanceAsync(10_000);
  expect(calls).toHaveLength(2);
  expect(gost.service("web")!.serving).toBe(true);
});

test("reports at its own phase of the period, and only when something changed", async () => {
  const { gost, stats, clock } = await started();
  await clock.advanceAsync(300);
  const connection = gost.service("web")!.connect("alice", "socks5")!;
  connection.move(100, 2000);
  await clock.advanceAsync(5000);
  connection.close();
  await clock.advanceAsync(5000);
  expect(stats()).toMatchObject([
    { second: 1, currentConns: 1, inputBytes: 100 + SOCKS5.input, outputBytes: 2000 + SOCKS5.output },
    { second: 6, currentConns: 0, inputBytes: 100 + SOCKS5.input, outputBytes: 2000 + SOCKS5.output },
  ]);
});

test("with resetTraffic bytes are what moved since the last report, and connections are not", async () => {
  const { gost, calls, clock } = await started({ services: [{ ...WEB, resetTraffic: true }] });
  for (const bytes of [100, 200]) {
    gost.service("web")!.connect("alice", "socks5")!.move(bytes, 0);
    await clock.advanceAsync(1000);
  }
  expect(calls.map(({ events }) => events[0]!.stats)).toMatchObject([
    { totalConns: 1, currentConns: 1, inputBytes: 100 + SOCKS5.input },
    { totalConns: 2, currentConns: 2, inputBytes: 200 + SOCKS5.input },
  ]);
});

test("at service level a failed report comes again unchanged until it succeeds, and a fresh one only at the next tick", async () => {
  const { gost, calls, clock, answerWith } = await started({ services: [{ ...WEB, resetTraffic: true }] });
  answerWith(() => "failure");
  const connection = gost.service("web")!.connect("alice", "socks5")!;
  for (let tick = 0; tick < 3; tick++) {
    connection.move(100, 0);
    await clock.advanceAsync(1000);
  }
  answerWith(() => "success");
  await clock.advanceAsync(2000);
  const bytes = calls.map(({ events }) => events[0]!.stats!.inputBytes);
  expect(bytes).toEqual([...Array(4).fill(100 + SOCKS5.input), 200]);
  expect(new Set(calls.slice(0, 4).map(({ body }) => body)).size).toBe(1);
});

test("at handler level a fresh report follows the repeated one at once", async () => {
  const { gost, calls, clock, answerWith } = await started({ services: [{ ...WEB, levels: ["handler"] }] });
  answerWith(() => "failure");
  const connection = gost.service("web")!.connect("alice", "socks5")!;
  await clock.advanceAsync(1000);
  connection.move(100, 0);
  answerWith(() => "success");
  await clock.advanceAsync(1000);
  expect(calls.map(({ events }) => events[0]!.stats!.inputBytes)).toEqual([0, 0, 100]);
  expect(calls[2]!.atMs - calls[1]!.atMs).toBeLessThan(2);
});

test("a report that failed although it was taken is booked once, and lost bytes are what was never taken", async () => {
  const { gost, clock, answerWith, truth } = await started({ services: [{ ...WEB, resetTraffic: true }] });
  const connection = gost.service("web")!.connect("alice", "socks5")!;
  answerWith(() => "lost");
  connection.move(100, 0);
  await clock.advanceAsync(3000);
  connection.move(7, 0);
  expect(truth()).toEqual({ moved: 107 + SOCKS5.input, taken: 100 + SOCKS5.input, lost: 0 });
  gost.kill();
  expect(truth()).toEqual({ moved: 107 + SOCKS5.input, taken: 100 + SOCKS5.input, lost: 7 });
});

test("what is on its way at a kill is lost, unless it turns out to have been taken", async () => {
  const { gost, clock, answerWith, truth } = await started();
  let answer: (answer: Answer) => void = () => {};
  answerWith(() => new Promise<Answer>((resolve) => (answer = resolve)));
  gost.service("web")!.connect("alice", "socks5")!.move(100, 0);
  await clock.advanceAsync(1500);
  gost.kill();
  expect(truth().lost).toBe(100 + SOCKS5.input);
  answer("lost");
  await clock.advanceAsync(1);
  expect(truth()).toMatchObject({ taken: 100 + SOCKS5.input, lost: 0 });
});

test("a killed process tells nothing, and a new one counts from zero", async () => {
  const { gost, calls, stats, clock } = await started();
  gost.service("web")!.connect("alice", "socks5")!.move(1000, 0);
  await clock.advanceAsync(1500);
  gost.kill();
  await clock.advanceAsync(5000);
  await gost.start();
  gost.service("web")!.connect("alice", "socks5")!.move(1, 0);
  await clock.advanceAsync(1500);
  expect(stats().map(({ inputBytes }) => inputBytes - SOCKS5.input)).toEqual([1000, 1]);
  expect(calls.flatMap(({ events }) => events[0]!.status?.state ?? [])).toEqual(["running", "ready"]);
});

test("a process that was told to end is there until its `closed` is answered, or it is killed", async () => {
  // Of so many one gets its `closed` out.
  const services = Array.from({ length: 20 }, (_, index) => ({ ...WEB, name: `web-${index}` }));
  for (const isKilled of [false, true]) {
    const { gost, calls, clock, answerWith } = await started({ services });
    const answered = Promise.withResolvers<Answer>();
    answerWith(() => answered.promise);
    void gost.terminate();
    await clock.advanceAsync(1000);
    expect(calls.length).toBeGreaterThan(0);
    expect([gost.running, gost.ending]).toEqual([false, true]);
    if (isKilled) gost.kill();
    else answered.resolve("success");
    await clock.advanceAsync(1);
    expect(gost.ending).toBe(false);
  }
});

test("on a reload running and closed come within a millisecond in either order, then ready", async () => {
  const orders = new Set<string>();
  for (let seed = 0; seed < 20; seed++) {
    const { gost, calls, clock } = await started({ seed });
    void gost.reload();
    await clock.advanceAsync(2);
    orders.add(calls.map(({ events }) => events[0]!.status?.state).join(" "));
  }
  expect([...orders].sort()).toEqual(["closed running ready", "running closed ready"]);
});

test("after a reload the old instance reports on beside the new one until its last connection closes", async () => {
  const { gost, clock, stats } = await started();
  const old = gost.service("web")!.connect("alice", "socks5")!;
  old.move(5000, 0);
  await clock.advanceAsync(1500);
  void gost.reload();
  await clock.advanceAsync(10);
  gost.service("web")!.connect("alice", "socks5")!.move(100, 0);
  old.move(1, 0);
  await clock.advanceAsync(1000);
  expect(stats().map(({ inputBytes }) => inputBytes - SOCKS5.input)).toEqual([5000, 5001, 100]);
  old.close();
  await clock.advanceAsync(5000);
  expect(stats()).toHaveLength(3);
});

test("an auto handler has three emitters under one name, and they outlive a reload", async () => {
  const auto: ServiceConfig = { ...WEB, handler: "auto", levels: ["handler"] };
  const { gost, clock, calls } = await started({ services: [auto] });
  const connect = () =>
    (["http", "socks4", "socks5"] as const).map((protocol) => gost.service("web")!.connect("alice", protocol)!);
  const old = connect();
  await clock.advanceAsync(1500);
  expect(calls.map(({ events }) => events[0]!.stats!.outputBytes).sort()).toEqual([10, 39, 8]);
  void gost.reload();
  await clock.advanceAsync(10);
  for (const connection of [...old, ...connect()]) connection.move(1, 0);
  await clock.advanceAsync(1500);
  expect(calls).toHaveLength(3 + 6);
});

test("any other handler's old reports stop at a reload, and what its connections still move is lost", async () => {
  const { gost, clock, calls, truth } = await started({ services: [{ ...WEB, levels: ["handler"] }] });
  const connection = gost.service("web")!.connect("alice", "socks5")!;
  await clock.advanceAsync(1500);
  void gost.reload();
  await clock.advanceAsync(10);
  connection.move(100, 0);
  await clock.advanceAsync(5000);
  expect(calls).toHaveLength(1);
  expect(truth("handler").lost).toBe(100);
});

test("a gRPC observer is silent after a reload, until GOST restarts", async () => {
  const { gost, clock, calls } = await started({ observer: "grpc" });
  void gost.reload();
  await clock.advanceAsync(10);
  gost.service("web")!.connect("alice", "socks5")!.move(100, 0);
  await clock.advanceAsync(5000);
  expect(calls).toEqual([]);
  gost.kill();
  await gost.start();
  expect(calls).toHaveLength(2);
});

test("a report that falls into a reload is taken as delivered without being sent", async () => {
  let swallowed = 0;
  for (let seed = 0; seed < 200; seed++) {
    const { gost, clock, calls, truth } = await started({ seed, services: [{ ...WEB, resetTraffic: true }] });
    gost.service("web")!.connect("alice", "socks5")!.move(100, 0);
    await clock.advanceAsync(502.5);
    void gost.reload();
    await clock.advanceAsync(3000);
    const reports = calls.filter(({ events }) => events[0]!.type === "stats").length;
    expect(truth().taken).toBe(reports === 0 ? 0 : 100 + SOCKS5.input);
    if (reports === 0) swallowed++;
  }
  expect(swallowed).toBeGreaterThan(5);
  expect(swallowed).toBeLessThan(60);
});

test("a refused login is a connection and an error at service level, and nothing at handler level", async () => {
  const { gost, clock, calls } = await started({ services: [{ ...WEB, levels: BOTH }] });
  gost.service("web")!.refuseLogin();
  await clock.advanceAsync(1500);
  expect(calls).toHaveLength(1);
  expect(calls[0]!.events[0]).toMatchObject({
    kind: "service",
    stats: { totalConns: 1, currentConns: 0, totalErrs: 1 },
  });
});

test("the first request of a plain HTTP connection has no input at handler level", async () => {
  const { gost, clock, calls } = await started({ services: [{ ...WEB, handler: "http", levels: ["handler"] }] });
  const connection = gost.service("web")!.connect("alice", "http_plain")!;
  connection.move(20_000, 500);
  connection.move(70, 500);
  await clock.advanceAsync(1500);
  expect(calls[0]!.events[0]!.stats).toMatchObject({ inputBytes: 70, outputBytes: 1000 });
});

test("one tick waits while a call hangs, and further ones are dropped", async () => {
  const { gost, clock, calls, answerWith } = await started();
  const connection = gost.service("web")!.connect("alice", "socks5")!;
  let answer: (answer: Answer) => void = () => {};
  answerWith(() => new Promise<Answer>((resolve) => (answer = resolve)));
  await clock.advanceAsync(5500);
  expect(calls).toHaveLength(1);
  connection.move(1, 0);
  answerWith(() => "success");
  answer("success");
  await clock.advanceAsync(100);
  expect(calls).toHaveLength(2);
});

test("the same seed gives the same reports at the same times, another seed others", async () => {
  const run = async (seed: number) => {
    const { calls, live } = await started({ seed, services: [{ ...WEB, handler: "auto", levels: BOTH }] });
    await live(30_000);
    return calls;
  };
  expect(await run(1)).toEqual(await run(1));
  expect(await run(1)).not.toEqual(await run(2));
});

test.each([true, false])(
  "the books agree with what an outsider adds up from the calls (resetTraffic: %s)",
  async (resetTraffic) => {
    for (let seed = 0; seed < 50; seed++) {
      const { gost, calls, live, truth } = await started({ seed, services: [{ ...WEB, resetTraffic }] });
      await live(60_000);
      gost.kill();
      const { moved, taken, lost } = truth();
      expect(taken).toBe(addedUp(calls, resetTraffic));
      expect(moved).toBe(taken + lost);
    }
  },
);

/** Input bytes of one service, from its calls and from which of them were taken. A `running` is a new life: no reloads here. */
function addedUp(calls: readonly Call[], bytesAreDeltas: boolean): number {
  let total = 0;
  let last: { body: string; answer?: Answer; counted: boolean } | undefined;
  let lineage = 0;
  for (const { body, answer, events } of calls) {
    const [event] = events;
    if (event!.status?.state === "running") {
      total += lineage;
      lineage = 0;
      last = undefined;
    }
    if (event!.stats === undefined) continue;
    const repeat = last !== undefined && last.answer !== "success" && last.body === body;
    const taken = answer === "success" || answer === "lost";
    const alreadyCounted = repeat && last!.counted;
    if (taken && !alreadyCounted) {
      if (bytesAreDeltas) total += event!.stats.inputBytes;
      else lineage = event!.stats.inputBytes;
    }
    last = { body, ...(answer === undefined ? {} : { answer }), counted: taken || alreadyCounted };
  }
  return total + lineage;
}

interface Call {
  readonly atMs: number;
  readonly body: string;
  readonly events: readonly {
    readonly service: string;
    readonly type: string;
    readonly status?: { readonly state: string };
    readonly stats?: Stats;
  }[];
  answer?: Answer;
}

interface WorldOptions {
  readonly services?: readonly ServiceConfig[];
  readonly observer?: "http" | "grpc";
  readonly seed?: number;
}

/** A GOST whose process has not begun, and a receiver that writes down every call. */
function world({ services = [WEB], observer = "http", seed = 1 }: WorldOptions = {}) {
  const clock = virtualClock(0);
  const random = seededRandom(seed);
  const books = new Books();
  const calls: Call[] = [];
  let answer: () => Answer | Promise<Answer> = () => "success";
  const network: Network = {
    open: () => ({
      async send(body) {
        const text = String(body);
        const call: Call = {
          atMs: clock.now(),
          body: text,
          events: observer === "http" ? JSON.parse(text).events : [],
        };
        calls.push(call);
        call.answer = await answer();
        return call.answer;
      },
      end() {},
    }),
  };
  const config = { node: "edge-1", observer: { type: observer, target: "/observer" }, services } as const;
  const gost = new Gost(config, { clock, random, network, books });
  return {
    gost,
    clock,
    calls,
    answerWith(next: typeof answer) {
      answer = next;
    },
    stats: () =>
      calls.flatMap(({ atMs, events }) => {
        const { stats } = events[0]!;
        return stats === undefined ? [] : [{ second: Math.floor(atMs / 1000), ...stats }];
      }),
    truth(kind: "service" | "handler" = "service") {
      const accounts = books.truth().filter((account) => account.kind === kind);
      const inputBytes = (of: "moved" | "taken" | "lost") => sum(accounts.map((account) => account[of])).inputBytes;
      return { moved: inputBytes("moved"), taken: inputBytes("taken"), lost: inputBytes("lost") };
    },
    /** Traffic, answers that fail or get lost, and kills, for some time. */
    async live(ms: number) {
      answer = () => (["success", "success", "failure", "lost"] as const)[random.integer(4)]!;
      const users = [
        { service: "web", client: "alice" },
        { service: "web", client: "bob" },
      ];
      const rates = { pauseMeanMs: 200, transferMeanMs: 300, transfersMax: 5, refusedShare: 0.1 };
      const traffic = driveTraffic({ clock, random, gost, users, ...rates });
      for (let life = 0; life < 3; life++) {
        await clock.advanceAsync(ms / 3);
        if (life === 2) break;
        gost.kill();
        await gost.start();
      }
      traffic.stop();
    },
  };
}

/** The same with its process running for half a period, and the calls of its start forgotten. */
async function started(options: WorldOptions = {}) {
  const made = world(options);
  await made.gost.start();
  await made.clock.advanceAsync(500);
  made.calls.length = 0;
  return made;
}
