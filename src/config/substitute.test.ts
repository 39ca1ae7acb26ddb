// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the references that configurations are written with.
import { describe, expect, test } from "vitest";
import { loadFake, SOUND } from "./fake-registry.ts";

const environment = {
  NAME: "edge",
  PORT: "8123",
  OCTAL: "0123",
  EMPTY: "",
  DOLLAR: "a$b${NAME}$$",
  LIST: "[source]",
  SECTION: "{ series: 7 }",
  LINES: "port: 1\nhost: b",
  NEXT: "NAME",
  TEXT: "not: [yaml",
};
const files = { "/token": "s3cret\n", "/two": "a\n\n", "/windows": "a\r\n", "/empty": "" };

/** The receiver's options after substitution, or the codes of the errors. */
async function sourceWith(options: string): Promise<unknown> {
  const text = SOUND.replace("  source:\n", () => `  source:\n    ${options}\n`);
  const { document, problems } = await loadFake(text, { environment, files });
  const errors = problems.filter(({ severity }) => severity === "error");
  if (errors.length > 0) return errors.map(({ code }) => code);
  return (document as { receivers: { source: unknown } }).receivers.source;
}

describe("a reference is replaced", () => {
  test.each<[string, string, unknown]>([
    ["by a variable", "host: ${env:NAME}", { host: "edge" }],
    ["by a variable, named without a scheme", "host: ${NAME}", { host: "edge" }],
    ["in quotes", 'host: "${env:NAME}"', { host: "edge" }],
    ["within a text", "host: a-${env:NAME}.${NAME}.net", { host: "a-edge.edge.net" }],
    [
      "in a list",
      'auth: { tokens: [{ token: "${NAME}", node: "${NAME}" }] }',
      { auth: { tokens: [{ token: "[REDACTED]", node: "edge" }] } },
    ],
    ["by a number, where one is wanted", "port: ${env:PORT}", { port: 8123 }],
    ["by a text, where one is wanted", "host: ${env:PORT}", { host: "8123" }],
    ["by a text with its leading zero", "host: ${env:OCTAL}", { host: "0123" }],
    ["by a whole section", "limits: ${env:SECTION}", { limits: { series: 7 } }],
    ["by its default, where the variable is not set", "host: ${env:NO:-there}", { host: "there" }],
    ["by its default without a scheme", "host: ${NO:-there}", { host: "there" }],
    ["by a default that is a number", "port: ${env:NO:-9}", { port: 9 }],
    ["by an empty default", "host: a${env:NO:-}b", { host: "ab" }],
    ["by a default with a colon and a dash in it", "host: ${env:NO:-a:-b}", { host: "a:-b" }],
    ["by an empty variable, whatever its default", "host: a${env:EMPTY:-b}", { host: "a" }],
    ["by a default that is a reference", "host: ${env:NO:-${env:NAME}}", { host: "edge" }],
    ["through another that gives its name", "host: ${env:${env:NEXT}}", { host: "edge" }],
    ["by a file without the newline at its end", "host: ${file:/token}", { host: "s3cret" }],
    ["by a file, of whose newlines only the last goes", "host: ${file:/two}", { host: "a\n" }],
    ["by a file from Windows", "host: ${file:/windows}", { host: "a" }],
    ["by a file whose name comes from the environment", "host: ${file:/${env:NO:-token}}", { host: "s3cret" }],
    ["by what a variable holds, which is not expanded again", "host: ${env:DOLLAR}", { host: "a$b${NAME}$$" }],
  ])("%s", async (_, options, expected) => {
    expect(await sourceWith(options)).toEqual(expected);
  });
});

describe("a dollar is left alone", () => {
  test.each<[string, string, unknown]>([
    ["before a name", "host: $NAME", { host: "$NAME" }],
    ["at the end", "host: a$", { host: "a$" }],
    ["when it is doubled: then one of the two", "host: a$$b", { host: "a$b" }],
    ["when it is doubled before a brace", "host: $${env:NAME}", { host: "${env:NAME}" }],
    ["in a default, when it is doubled", "host: ${env:NO:-a$$b}", { host: "a$b" }],
  ])("%s", async (_, options, expected) => {
    expect(await sourceWith(options)).toEqual(expected);
  });
});

describe("a reference is refused", () => {
  test.each<[string, string, string[]]>([
    ["to a variable that is not set", "host: ${env:NO}", ["unset_variable"]],
    ["each of several in one text", "host: ${env:NO}-${env:NEITHER}", ["unset_variable", "unset_variable"]],
    ["without an end", "host: ${env:NAME", ["bad_substitution"]],
    ["to nothing", "host: a${}", ["bad_substitution"]],
    ["to a variable that cannot be", "host: ${env:A-B}", ["bad_substitution"]],
    ["to somewhere else", "host: ${http://x}", ["bad_substitution"]],
    ["to a file that is not there", "host: ${file:/no}", ["unreadable_source"]],
    ["that gives no number where one is wanted", "port: ${env:NAME}", ["wrong_type"]],
    ["that gives no YAML where a section is wanted", "limits: ${env:TEXT}", ["syntax_error"]],
    [
      "that gives nothing, for an option that needs something",
      'auth: { tokens: [{ token: "${env:NO}" }] }',
      ["unset_variable"],
    ],
  ])("%s", async (_, options, expected) => {
    expect(await sourceWith(options)).toEqual(expected);
  });
});

test("a list of components may come from the environment", async () => {
  const { config } = await loadFake(SOUND.replace("[source]", "${env:LIST}"), { environment });
  expect(config?.service.pipelines.get("metrics")?.receivers).toEqual(["source"]);
});

test("a mistake in a section that was fetched is shown where it is in what was fetched", async () => {
  const text = SOUND.replace("  source:\n", "  source: ${file:/source}\n");
  const { problems } = await loadFake(text, { files: { "/source": "port: 1\nhots: b\n" } });
  expect(problems.map(({ code, place }) => [code, place.source, place.line, place.column])).toEqual([
    ["unknown_option", "${file:/source}", 2, 1],
  ]);
});

test("the components of a section that was fetched are known", async () => {
  const text = SOUND.replace("receivers:\n  source:\n", "receivers: ${file:/receivers}\n");
  const { problems } = await loadFake(text, { files: { "/receivers": "source:\n  prot: 1\n" } });
  expect(problems.map(({ code, suggestion }) => [code, suggestion])).toEqual([["unknown_option", "port"]]);
});

test("a wrong value that was fetched is shown where it was fetched", async () => {
  const text = SOUND.replace("  source:\n", "  source:\n    port: ${env:NAME}\n");
  const { problems } = await loadFake(text, { environment });
  expect(problems.map(({ place }) => [place.source, place.line, place.column])).toEqual([["test.yaml", 3, 11]]);
});

test("the caret stands at the reference within its text", async () => {
  const text = SOUND.replace("  source:\n", '  source:\n    host: "ab${env:NO}${env:NEITHER}"\n');
  const { problems } = await loadFake(text);
  expect(problems.map(({ place }) => [place.column, place.excerpt.width])).toEqual([
    [14, 9],
    [23, 14],
  ]);
});

test("a `$` in a name is no substitution", async () => {
  const { problems } = await loadFake(SOUND.replace("  source:", "  source/${NAME}:\n  source:"), { environment });
  expect(problems.map(({ code }) => code)).toEqual(["bad_id"]);
});
