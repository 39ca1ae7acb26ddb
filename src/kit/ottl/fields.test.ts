import { expect, test } from "vitest";
import * as z from "zod";
import { conditionOf, conditionOfAny, errorMode, statementOf } from "./fields.ts";

const schema = z.strictObject({
  datapoint: z.array(conditionOf("datapoint")).default([]),
  any: z.array(conditionOfAny("resource", "metric")).default([]),
  statements: z.array(statementOf("log")).default([]),
  error_mode: errorMode(),
});

test("a configuration's conditions and statements are ready to run", () => {
  const config = schema.parse({
    datapoint: ["value_int == 1"],
    any: ['metric.name == "x"'],
    statements: ['set(body, "x")'],
  });
  expect(config.datapoint[0]).toMatchObject({ text: "value_int == 1", reach: "item" });
  expect(config.any[0]).toMatchObject({ context: "metric", condition: { reach: "metric" } });
  expect(config.statements[0]).toMatchObject({ text: 'set(body, "x")' });
  expect(config.error_mode).toBe("ignore");
});

test("a mistake is an issue with its place, what was expected, and the nearest name", () => {
  const issues = schema.safeParse({ datapoint: ["true", 'IsMach(metric.name, "x")'], any: ["value_int == 1"] }).error
    ?.issues;
  expect(issues).toMatchObject([
    {
      path: ["datapoint", 1],
      message: "there is no converter IsMach, at character 1",
      params: { code: "bad_expression", nearest: "IsMatch" },
    },
    { path: ["any", 0], params: { expected: "paths that begin with resource., metric." } },
  ]);
});
