// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the references that configurations are written with.
import { describe, expect, test } from "vitest";
import { loadFake, SOUND } from "./fake-registry.ts";
import { problemText } from "./problem-text.ts";

const SECRET = "hunter2";
const withSource = (options: string) =>
  SOUND.replace("  source:\n", () => `  source:\n    ${options.replaceAll("\n", "\n    ")}\n`);
const withSender = (options: string) =>
  SOUND.replace("  sink:\n", `  sender: ${options}\n`).replace("[sink]", "[sender]");

describe("no message and no dump shows a secret", () => {
  test.each([
    ["in its place", withSource(`auth: { tokens: [{ token: ${SECRET} }] }`)],
    [
      "beside a mistake in the same line",
      withSource(`auth: { tokens: [{ token: ${SECRET}, nod: a }, { token: ${SECRET} }] }`),
    ],
    ["of the wrong type", withSource(`auth: { tokens: [{ token: [${SECRET}] }] }`)],
    ["where the option is misspelt", withSource(`auth: { tokens: [{ tokn: ${SECRET} }] }`)],
    ["where its section is misspelt", withSource(`aut: { tokens: [{ token: ${SECRET} }] }`)],
    ["where a section belongs", withSource(`auth: ${SECRET}`)],
    ["where a list belongs", withSource(`auth: { tokens: ${SECRET} }`)],
    ["in a list of sections", withSource(`auth: { tokens: [${SECRET}] }`)],
    ["over several lines", withSource(`auth:\n  tokens:\n    - token: |\n        ${SECRET}\n        ${SECRET}`)],
    ["in quotes", withSource(`auth: { tokens: [{ token: "${SECRET}" }, { token: '${SECRET}', x: 1 }] }`)],
    ["behind an alias", withSource(`labels: { a: &a ${SECRET} }\nauth: { tokens: [{ token: *a }] }`)],
    ["twice", withSource(`auth: { tokens: [{ token: ${SECRET}, token: ${SECRET} }] }`)],
    ["in a default", withSource(`auth: { tokens: [{ token: "\${env:NO:-${SECRET}}" }] }`)],
    ["beside a reference that leads nowhere", withSource(`auth: { tokens: [{ token: "${SECRET}\${env:NO}" }] }`)],
    ["by name, in a map of secrets", withSender(`{ host: far, headers: { authorization: ${SECRET} }, prot: 1 }`)],
    ["in a component of an unknown type", SOUND.replace("  sink:", `  snik: { password: ${SECRET} }\n  sink:`)],
    ["in a document that is not YAML", `receivers:\n  source: {\n  token: ${SECRET}\nexporters:\n`],
    ["in a line that cannot be read", `receivers:\n  source:\n    token: "${SECRET}" x\n`],
  ])("%s", async (_, text) => {
    const { problems, document } = await loadFake(text);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.map(problemText).join("\n")).not.toContain(SECRET);
    expect(JSON.stringify(document)).not.toContain(SECRET);
  });

  test("that came from the environment or a file", async () => {
    const text = withSource('auth: { tokens: [{ token: "${env:T}", nod: 1 }, { token: "${file:/t}" }, "${env:T}"] }');
    const { problems, document } = await loadFake(text, { environment: { T: SECRET }, files: { "/t": SECRET } });
    const shown = problems.map(problemText).join("\n") + JSON.stringify(document);
    expect(shown).not.toContain(SECRET);
    expect(shown).toContain("${env:T}");
    expect(problems.map(({ code }) => code)).not.toContain("plain_secret");
  });

  test("that is in a section that came from a file", async () => {
    const text = SOUND.replace("  source:\n", "  source: ${file:/s}\n");
    const files = { "/s": `auth: { tokens: [{ token: ${SECRET}, nod: 1 }] }\n` };
    const { problems, document } = await loadFake(text, { files });
    expect(problems.map(({ code }) => code)).toEqual(["unknown_option"]);
    expect(problems.map(problemText).join("\n") + JSON.stringify(document)).not.toContain(SECRET);
  });
});

test("a reference that leads nowhere is shown, for it is what has to be mended", async () => {
  const { problems } = await loadFake(withSource('auth: { tokens: [{ token: "${env:NO}" }] }'));
  const found = problems.find(({ code }) => code === "unset_variable");
  expect(problemText(found!)).toContain('token: "${env:NO}"');
});

test("the caret stays under what it points at when something before it is covered", async () => {
  const { problems } = await loadFake(withSource("auth: { tokens: [{ token: a-very-long-secret, nod: x }] }"));
  const found = problems.find(({ code }) => code === "unknown_option");
  expect(
    problemText(found!),
  ).toBe(`test.yaml:3:51: error: receivers.source.auth.tokens[0] has no option "nod" [unknown_option]
  3 |     auth: { tokens: [{ token: [REDACTED], nod: x }] }
    |                                           ^^^ did you mean "node"?`);
});

test("a document to print keeps everything that is not secret", async () => {
  const { document } = await loadFake(withSource("port: 5\nauth: { tokens: [{ token: a, node: edge }] }"));
  expect(document).toMatchObject({
    receivers: { source: { port: 5, auth: { tokens: [{ token: "[REDACTED]", node: "edge" }] } } },
  });
});

test("a secret in plain text is a warning, and one from elsewhere is none", async () => {
  const codes = async (token: string) =>
    (await loadFake(withSource(`auth: { tokens: [{ token: "${token}" }] }`), { environment: { T: "t" } })).problems.map(
      ({ severity, code }) => `${severity} ${code}`,
    );
  expect(await codes("abc")).toEqual(["warning plain_secret"]);
  expect(await codes("${env:T}")).toEqual([]);
});
