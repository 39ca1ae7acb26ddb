// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the references that configurations are written with.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { Catalog } from "../component/registry.ts";
import { NEVER } from "../lib/abort.ts";
import { fakeRegistry, loadFake, SOUND } from "./fake-registry.ts";
import { readConfiguration } from "./read-configuration.ts";
import { textOf } from "./source.ts";
import { type ConfigNode, plainValue } from "./tree.ts";

const surroundings = { environment: {}, readFile: () => Promise.reject(new Error("no files here")) };

const read = (texts: readonly string[], sets: readonly string[] = []) =>
  readConfiguration(
    {
      ...surroundings,
      configs: texts.map((text, index) => ({ name: `${index}.yaml`, text })),
      sets,
      catalog: new Catalog(fakeRegistry),
      lookup: () => undefined,
    },
    NEVER,
  );

describe("several sources", () => {
  test("maps are merged in depth, all else is replaced, the last source wins", async () => {
    const { root } = await read(["a: { b: 1, c: [1, 2], d: x }\ne: 1", "a: { c: [3], d: { f: 2 } }", "a: { b: 4 }"]);
    expect(plainValue(root)).toEqual({ a: { b: 4, c: [3], d: { f: 2 } }, e: 1 });
  });

  test("an empty one changes nothing, and a null takes a section back to its defaults", async () => {
    const { root } = await read(["a: { b: 1 }\nc: { d: 1 }", "", "# nothing", "c:"]);
    expect(plainValue(root)).toEqual({ a: { b: 1 } });
  });

  test("problems come in the order of the sources, each with its own name", async () => {
    const { problems } = await loadFake(
      [
        { name: "base.yaml", text: SOUND.replace("  source:\n", "  source:\n    prot: 1\n") },
        { address: "yaml:receivers::source::limts: {}" },
      ],
      { sets: ["receivers.source.mood=auto"] },
    );
    expect(problems.map(({ code, place }) => [place.source, place.line, place.column, code])).toEqual([
      ["base.yaml", 3, 5, "unknown_option"],
      ["yaml:", 1, 20, "unknown_option"],
      ["--set", 1, 18, "unused_set"],
    ]);
  });

  test("every value keeps the place where it was written, however the sources are merged", async () => {
    const scalar = fc.oneof(fc.integer(), fc.boolean(), fc.stringMatching(/^[a-z][a-z ]{0,6}[a-z]$/));
    const { tree } = fc.letrec((tie) => ({
      tree: fc.dictionary(
        fc.constantFrom("a", "b", "c", "d"),
        fc.oneof({ maxDepth: 3 }, scalar, fc.array(scalar, { maxLength: 3 }), tie("tree")),
        { minKeys: 1 },
      ),
    }));
    await fc.assert(
      fc.asyncProperty(fc.array(tree, { minLength: 1, maxLength: 4 }), async (values) => {
        const texts = values.map((value, index) => `# ${"x".repeat(index)}\n${stringify(value)}`);
        const { root } = await read(texts);
        expect(plainValue(root)).toEqual(values.reduce<unknown>(mergeValues, {}));
        for (const { node, key } of scalars(root)) {
          expect(texts).toContain(node.range.source.text);
          expect(parse(textOf(node.range))).toEqual(node.value);
          if (key) expect(parse(textOf(key.range))).toBe(key.name);
        }
      }),
    );
  });
});

interface Leaf {
  readonly node: Extract<ConfigNode, { kind: "scalar" }>;
  readonly key?: { readonly name: string; readonly range: ConfigNode["range"] };
}

function scalars(node: ConfigNode, key?: Leaf["key"]): Leaf[] {
  if (node.kind === "scalar") return [{ node, ...(key && { key }) }];
  if (node.kind === "list") return node.items.flatMap((item) => scalars(item));
  if (node.kind !== "map") return [];
  return [...node.entries].flatMap(([name, entry]) => scalars(entry.value, { name, range: entry.key }));
}

function mergeValues(earlier: unknown, later: unknown): unknown {
  if (!isMap(earlier) || !isMap(later)) return later;
  const merged: Record<string, unknown> = { ...earlier };
  for (const [key, value] of Object.entries(later))
    merged[key] = key in earlier ? mergeValues(earlier[key], value) : value;
  return merged;
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

describe("--config", () => {
  const files = { "/etc/a.yaml": SOUND };
  const environment = { CONFIG: SOUND };

  test.each(["/etc/a.yaml", "file:/etc/a.yaml", "env:CONFIG"])("takes %s", async (address) => {
    const { config, problems } = await loadFake([{ address }], { files, environment });
    expect(problems).toEqual([]);
    expect(config?.service.pipelines.size).toBe(1);
  });

  test("takes a path of keys and a value", async () => {
    const { config } = await loadFake(
      [{ address: "env:CONFIG" }, { address: "yaml:receivers::source::limits::series: 5" }],
      { environment },
    );
    expect(config?.receivers.get("source")?.config).toMatchObject({ limits: { series: 5 } });
  });

  test("tells the files that it reads, those of single values and those that are not there too, for watching", async () => {
    const all = { ...files, "/etc/b.yaml": "receivers: { source: { host: '${file:/host}', port: '${file:/port}' } }" };
    const configs = [{ address: "/etc/a.yaml" }, { address: "yaml:{}" }, { address: "/etc/b.yaml" }];
    const { files: read } = await loadFake(configs, { files: { ...all, "/host": "here" } });
    expect(read).toEqual(["/etc/a.yaml", "/etc/b.yaml", "/host", "/port"]);
  });

  test.each([
    ["/etc/no.yaml", "unreadable_source"],
    ["env:NO", "unset_variable"],
    ["http://example.net/x", "unreadable_source"],
  ])("says what is wrong with %s", async (address, code) => {
    const { config, problems } = await loadFake([{ address }, { name: "sound", text: SOUND }]);
    expect(config).toBeUndefined();
    expect(problems.map((problem) => [problem.code, problem.place.source, problem.place.excerpt.text])).toEqual([
      [code, "--config", address],
    ]);
  });
});

describe("--set", () => {
  const sets = (...texts: string[]) => loadFake(SOUND, { sets: texts });

  test("lays values over all sources, in order", async () => {
    const { config } = await sets(
      "receivers.source.port=1",
      "receivers.source.port=2",
      "receivers.source.labels={a: 1}",
    );
    expect(config?.receivers.get("source")?.config).toMatchObject({ port: 2, labels: { a: 1 } });
  });

  test("takes an empty value for the default", async () => {
    const { config } = await sets("receivers.source.port=1", "receivers.source=");
    expect(config?.receivers.get("source")?.config).toMatchObject({ port: 8000 });
  });

  test("takes `::` between steps, for ids with a dot in them", async () => {
    const { document } = await sets("receivers::source/a.b::port=5");
    expect(document).toMatchObject({ receivers: { "source/a.b": { port: 5 } } });
  });

  test("expands references, as files do", async () => {
    const { config } = await loadFake(SOUND, { sets: ["receivers.source.port=${env:P}"], environment: { P: "77" } });
    expect(config?.receivers.get("source")?.config).toMatchObject({ port: 77 });
  });

  test.each([
    ["receivers.source.port", "bad_set", 1],
    ["=5", "bad_set", 1],
    ["receivers..port=5", "bad_set", 1],
    ["receivers.source.prot=5", "unused_set", 18],
    ["recievers.source.port=5", "unused_set", 1],
    ["receivers.source/2.port=5", "unused_set", 11],
    ["receivers.source.port=[", "syntax_error", 24],
    ["receivers.source.port=x", "wrong_type", 23],
  ])("%s is wrong", async (text, code, column) => {
    const { problems } = await sets(text);
    const errors = problems.filter(({ severity }) => severity === "error");
    expect(
      errors.map((problem) => [problem.code, problem.place.source, problem.place.line, problem.place.column]),
    ).toEqual([[code, "--set", 1, column]]);
  });

  test("a path without end is wrong, and read no further", async () => {
    const { problems } = await sets(`${"receivers.".repeat(5000)}port=5`);
    expect(problems.map(({ code }) => code)).toEqual(["bad_set"]);
  });
});

describe("YAML's own means", () => {
  test("aliases repeat what their anchor holds", async () => {
    const { root, findings } = await read(["a: &x { b: 1 }\nc: *x\nd: [*x]"]);
    expect(findings).toEqual([]);
    expect(plainValue(root)).toEqual({ a: { b: 1 }, c: { b: 1 }, d: [{ b: 1 }] });
  });

  test("`<<` merges maps; what the map has itself wins, then the first of several", async () => {
    const { root } = await read([
      "a: &x { p: 1, q: 1 }\nb: &y { q: 2, r: 2 }\nc: { <<: [*x, *y], p: 3 }\nd: { <<: *y }",
    ]);
    expect(plainValue(root)).toMatchObject({ c: { p: 3, q: 1, r: 2 }, d: { q: 2, r: 2 } });
  });

  test("`yes` is a text, and a number with a zero in front is a number", async () => {
    const { root } = await read(["a: yes\nb: 0123\nc: 0x10\nd: 1_000"]);
    expect(plainValue(root)).toEqual({ a: "yes", b: 123, c: 16, d: "1_000" });
  });

  test("Windows line ends and a byte order mark change nothing", async () => {
    const { config } = await loadFake([{ address: "a" }], { files: { a: `\uFEFF${SOUND.replaceAll("\n", "\r\n")}` } });
    expect(config).toBeDefined();
  });
});
