import { describe, expect, test } from "vitest";
import type { StoredTotal } from "../../component/totals.ts";
import { TOTALS_FORMATS, type TotalsFormat } from "./formats.ts";
import { bytesText } from "./total-text.ts";

const AT = Date.UTC(2026, 10, 21, 12, 30, 5, 123);

function total(more: Partial<StoredTotal> = {}, client: string | null = "alice"): StoredTotal {
  return {
    owner: { node: "edge-1", kind: "handler", service: "web", client },
    metric: "gost.client.io",
    unit: "By",
    direction: "receive",
    value: 1_300_000,
    uncertain: 0,
    adjustment: 0,
    startAt: AT,
    reportAt: AT + 60_000,
    epochs: 2,
    ...more,
  };
}

const OF_SERVICE = { owner: { node: "edge-1", kind: "service", service: "web" } };
const STATE = "processor:delta_to_cumulative";

const lines = (format: TotalsFormat, ...totals: StoredTotal[]) => [
  ...TOTALS_FORMATS[format]([{ state: STATE, totals }]),
];

describe("a table", () => {
  test("has one line for each total, and numbers that end where their heading ends", () => {
    expect(lines("table", total(), total({ direction: "transmit", value: 5, epochs: 10 }))).toEqual([
      "NODE    SERVICE  CLIENT  DIRECTION     TOTAL  UNCERTAIN  FIRST SEEN (UTC)     LAST CHANGE (UTC)    EPOCHS",
      "edge-1  web      alice   receive    1.24 MiB          0  2026-11-21 12:30:05  2026-11-21 12:31:05       2",
      "edge-1  web      alice   transmit        5 B          0  2026-11-21 12:30:05  2026-11-21 12:31:05      10",
    ]);
  });

  test("says what is uncertain, what was corrected, and that levels are not to be added", () => {
    const shown = lines("table", total(OF_SERVICE), total({ uncertain: 2048, adjustment: -300_000 })).join("\n");
    expect(shown).toMatch(/TOTAL +CORRECTION +TO BILL +UNCERTAIN/);
    expect(shown).toMatch(/\(whole service\) +receive +1\.24 MiB +1\.24 MiB +0 /);
    expect(shown).toMatch(/alice +receive +1\.24 MiB +-293 KiB +977 KiB +\+2\.00 KiB /);
    expect(shown).toContain("never add them up");
    expect(shown).toContain("may be too low");
    expect(shown).toContain("gostcol totals adjustments");
  });

  test("names whose state it is where there are several, and only then", () => {
    const owners = [
      { state: `${STATE}@metrics/a`, totals: [total()] },
      { state: `${STATE}@metrics/b`, totals: [total()] },
    ];
    const [head, first] = [...TOTALS_FORMATS.table(owners)];
    expect(head).toMatch(/^STATE +NODE/);
    expect(first).toMatch(/^delta_to_cumulative@metrics\/a +edge-1/);
  });

  test("has words for those without a name, for what has no direction, and for times that are not known", () => {
    const shown = lines(
      "table",
      total({ reportAt: 0 }, ""),
      total({ uncertain: undefined }, null),
      total({ direction: undefined, unit: "{connection}", value: 12345 }),
    ).join("\n");
    expect(shown).toMatch(/\(no name\).* unknown +2$/m);
    expect(shown).toMatch(/\(all others\) +receive +1\.24 MiB +unknown/);
    expect(shown).toMatch(/alice +connections +12345/);
  });
});

describe("names that others chose", () => {
  const EVIL = "=cmd|' /C calc'!A0,\"x\"\n\u001b[2J\u202e";

  test("can do nothing to a terminal", () => {
    for (const format of ["table", "csv", "json"] as const) {
      const text = lines(format, total({}, EVIL)).join("");
      expect([...text].filter((character) => /[\p{Cc}\p{Cf}]/u.test(character))).toEqual([]);
    }
  });

  test.each([
    ["=1+1", "'=1+1"],
    ["+1", "'+1"],
    ["-1", "'-1"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["\t=1", "'\\x09=1"],
    ["＝1", "'＝1"],
    ["'=1", "''=1"],
    ['a "b", c', '"a ""b"", c"'],
    ["plain", "plain"],
  ])("are text to a spreadsheet: %j", (name, cell) => {
    expect(lines("csv", total({}, name))[1]).toContain(`,client,${cell},receive,`);
  });

  test("are in JSON what they were", () => {
    for (const name of [EVIL, "\ud83d", "👨‍👩‍👧", "\u{e0041}\u007f"]) {
      expect(JSON.parse(lines("json", total({}, name)).join("\n"))).toMatchObject([{ client: name }]);
    }
  });
});

test("csv and json have exact numbers, negative corrections among them", () => {
  const exact = total({ value: 2 ** 53 - 1, uncertain: 3, adjustment: -5, reportAt: 0 });
  expect(lines("csv", exact)).toEqual([
    "state,node,service,level,client,direction,metric,unit,total,uncertain,adjustment,billable,first_seen,last_change,epochs",
    `${STATE},edge-1,web,client,alice,receive,gost.client.io,By,9007199254740991,3,-5,9007199254740986,2026-11-21T12:30:05.123Z,,2`,
  ]);
  expect(JSON.parse(lines("json", exact, total(OF_SERVICE)).join(""))).toMatchObject([
    { level: "client", total: 2 ** 53 - 1, adjustment: -5, billable: 2 ** 53 - 6, last_change: null },
    { level: "service", client: null, total: 1_300_000, uncertain: 0 },
  ]);
});

test("nothing at all is a header, or an empty array", () => {
  expect(lines("csv")).toHaveLength(1);
  expect(JSON.parse(lines("json").join(""))).toEqual([]);
});

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1.00 KiB"],
  [10 * 1024, "10.0 KiB"],
  [1024 * 1024 - 1, "1.00 MiB"],
  [1023 * 1024, "1023 KiB"],
  [-1536, "-1.50 KiB"],
  [2 ** 53, "8.00 PiB"],
])("%i bytes are %s", (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});
