import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type GostRig, startReceiver, stats, status } from "../../../test/support/gost-rig.ts";
import { viewOf } from "../../lib/view-of.ts";
import { allPoints } from "../../model/points.ts";
import { Literal } from "./literal.ts";
import type { Signature } from "./node.ts";
import { readQuickly } from "./quick-json.ts";

const body = (text: string) => Buffer.from(text);
const report = (...events: readonly object[]) => JSON.stringify({ events });
const alice = stats("handler", "web", [3, 1, 235, 632, 0], "alice");

const isQuick = (text: string | Uint8Array) =>
  readQuickly(typeof text === "string" ? body(text) : text, new Map(), true) !== undefined;

describe("the quick reader", () => {
  test("reads what GOST sends", () => {
    const text = report(
      alice,
      stats("handler", "web", [1, 0, 0, 999_999_999_999_999, 7]),
      stats("service", "b", [0, 0, 0, 0, 0]),
    );
    const events = readQuickly(body(text), new Map(), true);
    expect(events?.signatures).toMatchObject([
      { kind: "handler", service: "web", client: "alice" },
      { kind: "handler", service: "web", client: "" },
      { kind: "service", service: "b", client: "" },
    ]);
    expect(events?.counts).toEqual([
      [3, 1, 235, 632, 0],
      [1, 0, 0, 999_999_999_999_999, 7],
      [0, 0, 0, 0, 0],
    ]);
  });

  test("gives back the signature that it knows, and refuses a new one where none may be met", () => {
    const text = body(report(alice));
    const [signature] = readQuickly(text, new Map(), true)!.signatures;
    const known = new Map([[signature!.hash, signature!]]);
    expect(readQuickly(text, known, false)?.signatures[0]).toBe(signature);
    expect(readQuickly(text, new Map(), false)).toBeUndefined();
  });

  test("finds each signature that it knows, whosever stands before it", () => {
    const service = fc.constantFrom("w", "web", "a service of a longer name");
    const client = fc.constantFrom(undefined, "", "alice", "alic", "web", 'a quote "');
    const event = fc.record({ kind: fc.constantFrom("service" as const, "handler" as const), service, client });
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 6 }), (events) => {
        const ofOne = events.map(({ kind, service, client }) => stats(kind, service, [3, 1, 235, 632, 0], client));
        const known = new Map<number, Signature>();
        const signatures = ofOne.map((one) => {
          const [signature] = readQuickly(body(report(one)), known, true)!.signatures;
          known.set(signature!.hash, signature!);
          return signature!;
        });
        const read = readQuickly(body(report(...ofOne)), known, false)?.signatures;
        expect(read?.map((signature) => signatures.indexOf(signature))).toEqual(
          signatures.map((signature) => signatures.indexOf(signature)),
        );
      }),
    );
  });

  test.each(["alicf", "alice-2", "alic"])("tells %s from alice, were their hashes the same", (client) => {
    const [signature] = readQuickly(body(report(alice)), new Map(), true)!.signatures;
    const text = body(report({ ...alice, client }));
    const [stranger] = readQuickly(text, new Map(), true)!.signatures;
    expect(readQuickly(text, new Map([[stranger!.hash, signature!]]), false)).toBeUndefined();
  });

  test("reads names as JSON does", () => {
    const client = 'quote " slash \\ {brace} "totalConns":1 \u2028 é 漢 😀';
    expect(readQuickly(body(report({ ...alice, client })), new Map(), true)?.signatures[0]?.client).toBe(client);
    const invalid = Buffer.concat([body('{"events":[{"kind":"handler","service":"'), Buffer.of(0xff, 0x7f, 0xf0)]);
    const rest = body(
      '","type":"stats","stats":{"totalConns":1,"currentConns":0,"inputBytes":0,"outputBytes":0,"totalErrs":0}}]}',
    );
    expect(readQuickly(Buffer.concat([invalid, rest]), new Map(), true)?.signatures[0]?.service).toBe(
      "\ufffd\u007f\ufffd",
    );
  });

  test.each([
    ["no events", '{"events":[]}'],
    ["a space", report(alice).replace('"stats":{', '"stats": {')],
    ["something behind it", `${report(alice)} `],
    ["a status event", report(alice, status("web", "running"))],
    ["another order", report({ ...alice, stats: { totalErrs: 0, inputBytes: 1 } })],
    ["a sixth count", report({ ...alice, stats: { ...alice.stats, more: 1 } })],
    ["a large count", report(alice).replace("235", "1000000000000000")],
    ["a negative count", report(alice).replace("235", "-1")],
    ["a fraction", report(alice).replace("235", "2.5")],
    ["a leading zero", report(alice).replace("235", "0235")],
    ["no digits", report(alice).replace("235", "")],
    ["a control character in a name", report(alice).replace("alice", "al\u0001ce")],
    ["a bad escape in a name", report(alice).replace("alice", "al\\xce")],
    ["an escaped quote behind a name", report(alice).replace("alice", "alice\\")],
    ["another member", report({ ...alice, client: "alice", x: 1 })],
    ["a nested end", report(alice).replace('"client":"alice"', '"x":{"client":"alice"')],
    ["an unknown kind", report({ ...alice, kind: "listener" })],
    ["the end of one list and the beginning of another", report(alice).replace("},", "},").replace("}}]", "}}],[")],
    ["a member in front of the list", report(alice).replace("{", '{"a":1,')],
  ])("leaves %s to the parser", (_what, text) => {
    expect(isQuick(text)).toBe(false);
  });

  test("leaves every report that was cut short to the parser", () => {
    const text = report(alice, alice);
    for (let length = 0; length < text.length; length++) expect(isQuick(text.slice(0, length))).toBe(false);
    expect(isQuick(text)).toBe(true);
  });
});

describe("a literal", () => {
  test("is found exactly where its bytes are", () => {
    const bytes = fc.uint8Array({ minLength: 8, maxLength: 40 });
    fc.assert(
      fc.property(bytes, bytes, fc.nat(40), fc.boolean(), (text, around, at, put) => {
        const whole = put ? Buffer.concat([around.subarray(0, at), text, around]) : Buffer.from(around);
        const place = Math.min(at, around.length);
        const isThere = Buffer.compare(whole.subarray(place, place + text.length), text) === 0;
        // Never where it is not; and where it is, if it is UTF-8 without a NUL.
        const found = new Literal(text).isAt(viewOf(whole), place);
        if (found) expect(isThere).toBe(true);
        else expect(isThere && text.every((byte) => byte > 0 && byte < 0x80)).toBe(false);
      }),
    );
  });
});

/** What a report made of a receiver, but for what no two requests share. */
function effects(agent: GostRig) {
  return {
    counted: agent.counted(),
    // Where in a body its mistake is, is another place behind a space.
    lines: agent.lines.map((line) => ({ ...line, message: line.message.replace(/(is not JSON).*/s, "$1") })),
    series: agent.table.size,
    nodes: [...agent.gauges.get("gostcol_receiver_gost_series")!()],
    taken: agent.taken.map(({ origin: { upperBound, irreplaceable }, metrics, logs }) => ({
      items: upperBound.items,
      irreplaceable,
      logs: logs.map(({ records }) => records),
      metrics: metrics.map(({ rows, points, source }) => ({
        rows: rows.map(({ series, start, time, values }) => [series[0]!.id, start, time, values]),
        points: points.map(({ series, start, time, value }) => [series.id, start, time, value]),
        touched: allPoints({ rows, points }).map(({ series }) => series.lease.touched),
        key: source?.source.key,
        told: source?.told,
        life: source?.life,
      })),
    })),
  };
}

describe("reports that are read quickly and reports that are parsed", () => {
  const name = fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom("web", "mail", "alice", "bob", "a".repeat(1025), "") },
    fc.string({ unit: "binary", maxLength: 6 }),
    fc.constantFrom('"', "\\", '","type":"stats","stats":{"totalConns":', "__proto__", "é", "\ud800", "<&>"),
  );
  const count = fc.oneof(
    { weight: 100, arbitrary: fc.nat() },
    fc.maxSafeNat(),
    fc.constantFrom(0, 1e15, 1e15 - 1, -1, 0.5),
  );
  const counts = fc.tuple(count, count, count, count, count);
  const event = fc.oneof(
    {
      weight: 80,
      arbitrary: fc
        .tuple(fc.constantFrom("service", "handler"), name, counts, fc.option(name, { nil: undefined }))
        .map((members) => stats(...(members as Parameters<typeof stats>))),
    },
    fc.tuple(name, fc.constantFrom("running", "closed", "odd")).map((members) => status(...members)),
    fc.constantFrom({}, null, { ...alice, x: 1 }, { ...alice, kind: "x" }),
  );
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    remove: fc.integer({ min: 0, max: 3 }),
    insert: fc.oneof(
      fc.uint8Array({ maxLength: 2 }),
      fc
        .constantFrom("18446744073709551615", '"', "\\", "\\u0061", " ", "0", "}", "]}", ',"client":"x"', '{"events":[')
        .map(body),
    ),
  });
  const bytes = fc
    .tuple(
      fc.array(event, { minLength: 1, maxLength: 6 }),
      fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(change, { maxLength: 3 })),
    )
    .map(([events, changes]) =>
      changes.reduce(
        (sent, { at, remove, insert }) => {
          const place = Math.floor(at * sent.length);
          return Buffer.concat([sent.subarray(0, place), insert, sent.subarray(place + remove)]);
        },
        body(JSON.stringify({ events })),
      ),
    );
  const step = fc.oneof({ weight: 6, arbitrary: bytes }, fc.constant("sweep" as const));

  /** A space in front changes nothing of what JSON says, and keeps the quick reader away. */
  const parsed = (sent: Uint8Array) => Buffer.concat([body(" "), sent]);

  test("are the same in all they do", async () => {
    let quick = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 12 }),
        fc.constantFrom("delta", "cumulative"),
        fc.constantFrom(100, 100_000),
        async (steps, temporality, series_per_node) => {
          const config = { temporality, limits: { series_per_node } };
          const [one, other] = [await startReceiver(config), await startReceiver(config)];
          for (const sent of steps) {
            if (sent === "sweep") {
              one.table.sweep(1);
              other.table.sweep(1);
              continue;
            }
            if (isQuick(sent)) quick++;
            const path = "/observer/edge-1";
            const first = await one.connect().send({ path, body: sent });
            const second = await other.connect().send({ path, body: parsed(sent) });
            expect(first.answer.status).toBe(second.answer.status);
          }
          expect(effects(one)).toEqual(effects(other));
        },
      ),
      { numRuns: 300 },
    );
    expect(quick).toBeGreaterThan(200);
  });
});
