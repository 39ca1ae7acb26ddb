import { describe, expect, test } from "vitest";
import { config } from "./config.ts";
import type { Json, PlainItem } from "./plain-item.ts";
import { template } from "./template.ts";

const ITEM: PlainItem = {
  signal: "logs",
  body: 'said "no"\n{{ name }} \\',
  value: 7,
  name: "web",
  attributes: { "gost.client.id": "<!channel> & co", n: 1.5, list: [1, { a: null }], "{{": 1, "": "empty" },
  resource: {},
};

const made = (written: Json) => template(written)(ITEM);

test("a text that is one placeholder has the value as it is", () => {
  expect(
    made({ a: "{{ value }}", b: "{{attributes.n}}", c: '{{ attributes["list"] }}', d: "{{ attributes }}" }),
  ).toEqual({
    a: 7,
    b: 1.5,
    c: [1, { a: null }],
    d: ITEM["attributes"],
  });
});

test("within a text a value becomes text: what is not there is empty, what is no text is JSON", () => {
  expect(made(["<{{ value }}|{{ event_name }}|{{ attributes.list }}|{{ resource.x.y }}>"])).toEqual([
    '<7||[1,{"a":null}]|>',
  ]);
});

test("what is not there is null where it stands alone", () => {
  expect(made({ a: "{{ unit }}", b: '{{ attributes["toString"] }}', c: '{{ name["length"] }}' })).toEqual({
    a: null,
    b: null,
    c: null,
  });
});

test("everything else stays as it is written, in every depth", () => {
  const written = { n: 1, t: true, z: null, list: [[], {}, "plain } text {"], "{{ name }}": "x" };
  expect(made(written)).toEqual(written);
});

test("no value can reach beyond its place: it is not read again, and JSON takes it as text", () => {
  const body = JSON.stringify(made({ text: "{{ body }}!" }));
  expect(JSON.parse(body)).toEqual({ text: `${String(ITEM["body"])}!` });
});

test("html takes the three characters that chats read as their own", () => {
  expect(made({ text: 'from {{ attributes["gost.client.id"] | html }}, {{ value | html }}' })).toEqual({
    text: "from &lt;!channel&gt; &amp; co, 7",
  });
});

test("keys may hold anything that a text of JSON can", () => {
  expect(made(['{{ attributes["{{"] }}', '{{ attributes[""] }}', '{{ attributes["\\u006e"] }}'])).toEqual([
    1,
    "empty",
    1.5,
  ]);
});

describe("a mistake is told when the configuration is read:", () => {
  test.each([
    ["{{ nam }}", "there is no field nam"],
    ["{{ name ", "without an end"],
    ["{{ }}", "names no field"],
    ["{{ .name }}", "names no field"],
    ['{{ ["name"] }}', "names no field"],
    ["{{ attributes[x] }}", "cannot be read"],
    ["{{ attributes.a.gost-id }}", "cannot be read"],
    ['{{ attributes["\\q"] }}', "no text of JSON"],
    ["{{ name | upper }}", "cannot be read"],
    ["{{ name() }}", "cannot be read"],
    ["{{ constructor.constructor }}", "there is no field constructor"],
  ])("%s", (text, message) => {
    const { error } = config.safeParse({ endpoint: "http://h/", requests: "item", template: { blocks: [{ text }] } });
    expect(error?.issues).toMatchObject([{ path: ["template", "blocks", 0, "text"] }]);
    expect(error!.issues[0]!.message).toContain(message);
  });
});
