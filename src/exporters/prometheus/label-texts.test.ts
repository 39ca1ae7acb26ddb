import fc from "fast-check";
import { expect, test } from "vitest";
import { labelText } from "../../kit/prometheus/labels.ts";
import { SeriesNaming } from "../../kit/prometheus/series-naming.ts";
import type { Attributes } from "../../model/attributes.ts";
import { SeriesTable } from "../../model/series-table.ts";
import { config, namingOptions } from "./config.ts";
import { LabelTexts } from "./label-texts.ts";

const METRIC = {
  name: "x",
  unit: "",
  description: "",
  type: "gauge",
  monotonic: false,
  temporality: "unspecified",
  number: "int",
} as const;

const values = fc.oneof(
  fc.constantFrom("", "alice", 'b"o\\b\n', "\ud800", "\0", "\x000\0", ","),
  fc.integer(),
  fc.boolean(),
);
const attributes: fc.Arbitrary<Attributes> = fc.dictionary(
  fc.constantFrom(
    "client.id",
    "client_id",
    "client:id",
    "le",
    "job",
    "env",
    "1",
    "service.name",
    "service.instance.id",
  ),
  values,
  { maxKeys: 4 },
);
const series = fc.record({
  resource: fc.constantFrom<Attributes>({}, { "service.name": "gost", env: "a" }, { "service.name": "\0" }),
  scope: fc.constantFrom<Attributes>({}, { client_id: "of the scope" }),
  type: fc.constantFrom("gauge", "histogram"),
  attributes,
});

test("the text of a series' labels is the same, whether or not a series like it was seen before", () => {
  const configs = fc.record({
    const_labels: fc.constantFrom({}, { env: "const", client_id: "const" }),
    without_scope_info: fc.boolean(),
    resource_to_telemetry_conversion: fc.record({ enabled: fc.boolean() }),
    translation_strategy: fc.constantFrom("UnderscoreEscapingWithSuffixes", "NoUTF8EscapingWithSuffixes"),
  });
  fc.assert(
    fc.property(configs, fc.array(series, { minLength: 2, maxLength: 30 }), (written, all) => {
      const naming = new SeriesNaming(namingOptions(config.parse({ endpoint: "127.0.0.1:1", ...written })));
      const table = new SeriesTable();
      const texts = new LabelTexts(naming);
      for (const { resource, scope, type, attributes } of all) {
        const metric = table.metric({ ...METRIC, type });
        const made = table.series(table.resource(resource), table.scope("scope", "1", scope), metric, attributes);
        expect(texts.of(made)).toBe(labelText(naming.labels(made), "allow-utf-8"));
      }
    }),
  );
});
