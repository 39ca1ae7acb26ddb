import { describe, expect, test } from "vitest";
import { labelName, metricName, type NamedMetric, TRANSLATION_STRATEGIES, unitSuffix } from "./translation.ts";

/** What the Collector 0.159 shows for a monotonic sum and for a gauge `g.` of each name and unit. */
const COLLECTOR: readonly [name: string, unit: string, counter: string, gauge: string][] = [
  ["gost.client.io", "By", "gost_client_io_bytes_total", "g_gost_client_io_bytes"],
  ["a.total.b", "1", "a_b_total", "g_a_total_b_ratio"],
  ["x.total", "", "x_total", "g_x_total"],
  ["bytes.of.x", "By", "bytes_of_x_total", "g_bytes_of_x"],
  ["x..y__z", "", "x_y_z_total", "g_x_y_z"],
  ["1abc", "", "_1abc_total", "g_1abc"],
  ["_lead.trail_", "", "lead_trail_total", "g_lead_trail"],
  ["rate", "By/s", "rate_bytes_per_second_total", "g_rate_bytes_per_second"],
  ["rate.per_second", "By/s", "rate_per_second_bytes_per_second_total", "g_rate_per_second_bytes_per_second"],
  ["r2", "{x}/s", "r2_per_second_total", "g_r2_per_second"],
  ["r3", "foo.bar", "r3_foo_bar_total", "g_r3_foo_bar"],
  ["r4", "%", "r4_percent_total", "g_r4_percent"],
  ["r5", "a/b/c", "r5_a_per_b_c_total", "g_r5_a_per_b_c"],
  ["temp", "Cel", "temp_celsius_total", "g_temp_celsius"],
  ["emoji.😀.x", "s", "emoji_x_seconds_total", "g_emoji_x_seconds"],
  ["col:on", "", "col:on_total", "g_col:on"],
  ["r6", "1/s", "r6_per_second_total", "g_r6_per_second"],
  ["r8", "/s", "r8_per_second_total", "g_r8_per_second"],
  ["r10", "KiBy", "r10_kibibytes_total", "g_r10_kibibytes"],
  ["r11", "$", "r11_total", "g_r11"],
  ["io", "m/m", "io_meters_per_minute_total", "g_io_meters_per_minute"],
  ["r13", "By/{x}", "r13_bytes_total", "g_r13_bytes"],
  ["r14", "By /s ", "r14_bytes_per_second_total", "g_r14_bytes_per_second"],
  ["r16_total", "", "r16_total", "g_r16_total"],
  ["r17_bytes", "By", "r17_bytes_total", "g_r17_bytes"],
  ["r18", "ms/w", "r18_milliseconds_per_week_total", "g_r18_milliseconds_per_week"],
];

const DEFAULT = { strategy: TRANSLATION_STRATEGIES[0], namespace: "" };

describe("a metric's name", () => {
  test.each(COLLECTOR)("%s in %s is called as the Collector calls it", (name, unit, counter, gauge) => {
    expect(metricName({ name, unit, type: "counter" }, DEFAULT)).toBe(counter);
    expect(metricName({ name: `g.${name}`, unit, type: "gauge" }, DEFAULT)).toBe(gauge);
  });

  test.each([
    ["gost.client.connection.handled", "{connection}", "counter", "gost_client_connection_handled_total"],
    ["gost.service.connection.active", "{connection}", "gauge", "gost_service_connection_active"],
    ["gost.service.errors", "{error}", "counter", "gost_service_errors_total"],
    ["gost.service.state", "", "gauge", "gost_service_state"],
    ["gost.node.last_report.time", "s", "gauge", "gost_node_last_report_time_seconds"],
    ["gost.client.io.uncertain", "By", "gauge", "gost_client_io_uncertain_bytes"],
    ["gost.service.unreported.time", "s", "counter", "gost_service_unreported_time_seconds_total"],
    ["http.server.duration", "s", "histogram", "http_server_duration_seconds"],
  ] as const)("%s in %s as a %s is %s", (name, unit, type, expected) => {
    expect(metricName({ name, unit, type }, DEFAULT)).toBe(expected);
  });

  test("differs by strategy in characters and suffixes", () => {
    const metric: NamedMetric = { name: "gost.client.io", unit: "By", type: "counter" };
    const names = TRANSLATION_STRATEGIES.map((strategy) => metricName(metric, { strategy, namespace: "my.ns" }));
    expect(names).toEqual([
      "my_ns_gost_client_io_bytes_total",
      "my_ns_gost_client_io",
      "my.ns_gost.client.io_bytes_total",
      "my.ns_gost.client.io",
    ]);
  });

  test.each([
    ["x.bytes", "By", "counter", "x.bytes_total"],
    ["x.total", "By", "counter", "x_bytes_total"],
    ["subtotal", "", "counter", "subtotal_total"],
    ["rate.per_second", "By/s", "gauge", "rate_bytes_per_second"],
    ["_lead.trail_", "", "counter", "_lead.trail__total"],
    ["1abc", "1", "gauge", "1abc_ratio"],
  ] as const)("with UTF-8, %s in %s as a %s gets each suffix once: %s", (name, unit, type, expected) => {
    expect(metricName({ name, unit, type }, { strategy: "NoUTF8EscapingWithSuffixes", namespace: "" })).toBe(expected);
  });

  test("of nothing but odd characters is empty, unless the strategy keeps them", () => {
    const metric: NamedMetric = { name: "计数", unit: "By", type: "counter" };
    expect(metricName(metric, DEFAULT)).toBe("");
    expect(metricName(metric, { ...DEFAULT, strategy: "NoTranslation" })).toBe("计数");
  });
});

test("a unit's suffix is what the name ends with before _total", () => {
  expect(unitSuffix({ name: "x", unit: "By/s", type: "counter" })).toBe("bytes_per_second");
  expect(unitSuffix({ name: "x", unit: "1", type: "gauge" })).toBe("ratio");
  expect(unitSuffix({ name: "x", unit: "{connection}", type: "counter" })).toBe("");
});

test.each([
  ["gost.client.id", "gost_client_id"],
  ["a-b.c", "a_b_c"],
  ["x..y", "x__y"],
  ["1x", "key_1x"],
  ["_y", "key_y"],
  ["__z", "__z"],
  ["é", "key_"],
  ["", "key_"],
])("the attribute %s is the label %s", (key, expected) => {
  expect(labelName(key, "UnderscoreEscapingWithSuffixes")).toBe(expected);
  expect(labelName(key, "NoTranslation")).toBe(key || "_");
});
