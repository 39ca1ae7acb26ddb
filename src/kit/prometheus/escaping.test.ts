import { expect, test } from "vitest";
import { escapeName } from "./escaping.ts";

test.each([
  ["gost_io:sum", "gost_io:sum", "gost_io:sum", "gost_io:sum"],
  ["gost.client_io", "gost_client_io", "gost_dot_client__io", "U__gost_2e_client__io"],
  ["1x", "_x", "__x", "U___31_x"],
  ["a😀b", "a_b", "a__b", "U__a_1f600_b"],
])("%s is %s, %s or %s for scrapers without UTF-8 names", (name, underscores, dots, values) => {
  expect(escapeName(name, "underscores")).toBe(underscores);
  expect(escapeName(name, "dots")).toBe(dots);
  expect(escapeName(name, "values")).toBe(values);
  expect(escapeName(name, "allow-utf-8")).toBe(name);
});
