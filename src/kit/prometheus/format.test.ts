import { describe, expect, test } from "vitest";
import { acceptsGzip, CLASSIC_TEXT, contentType, negotiateFormat } from "./format.ts";

/** What Prometheus 3 sends. */
const PROMETHEUS =
  "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";

describe("the format", () => {
  test("is OpenMetrics for Prometheus where that is offered, and text with UTF-8 names where it is not", () => {
    expect(negotiateFormat(PROMETHEUS, { openMetrics: true })).toEqual({
      type: "openmetrics",
      version: "1.0.0",
      escaping: "allow-utf-8",
    });
    expect(negotiateFormat(PROMETHEUS, { openMetrics: false })).toEqual({
      type: "text",
      version: "1.0.0",
      escaping: "allow-utf-8",
    });
  });

  test.each([
    ["nothing", undefined],
    ["anything", "*/*"],
    ["a browser's list", "text/html,application/xhtml+xml,*/*;q=0.8"],
    ["protobuf only", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"],
    ["a version to come", "text/plain;version=2.0.0"],
    ["garbage", ";;,=,q=,text/plain;q=x"],
  ])("is the classic text for a scraper that asks for %s", (_, accept) => {
    expect(negotiateFormat(accept, { openMetrics: true })).toEqual(CLASSIC_TEXT);
  });

  test("follows q-values before order, and never takes what has none", () => {
    const openMetrics = { openMetrics: true };
    expect(negotiateFormat("text/plain;q=0.5, application/openmetrics-text;q=0.9", openMetrics).type).toBe(
      "openmetrics",
    );
    expect(negotiateFormat("text/plain, application/openmetrics-text", openMetrics).type).toBe("text");
    expect(negotiateFormat("application/openmetrics-text;q=0, text/plain;q=0.1", openMetrics).type).toBe("text");
  });

  test("takes the escaping that is asked for, and underscores for an unknown one", () => {
    const escaping = (name: string) =>
      negotiateFormat(`text/plain; version=1.0.0; escaping=${name}`, { openMetrics: false }).escaping;
    expect(["allow-utf-8", "dots", "values", "quotes"].map(escaping)).toEqual([
      "allow-utf-8",
      "dots",
      "values",
      "underscores",
    ]);
  });

  test("names itself in the answer's type", () => {
    expect(contentType(CLASSIC_TEXT)).toBe("text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
  });
});

test.each([
  ["gzip", true],
  ["deflate, GZIP;q=0.5", true],
  ["*", true],
  ["gzip;q=0, *", false],
  ["br", false],
  [undefined, false],
])("gzip after Accept-Encoding %s: %s", (header, expected) => {
  expect(acceptsGzip(header)).toBe(expected);
});
