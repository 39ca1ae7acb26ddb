import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { COUNTER } from "../../../test/support/counter-metric.ts";
import { fakeTransport } from "../../../test/support/fake-transport.ts";
import { type SendingRig, sendingRig } from "../../../test/support/sending-rig.ts";
import { batchCodecs } from "../../model/otlp/batch-codecs.ts";
import { metricsJson } from "../../model/otlp/json-writer.ts";
import type { MetricsBatch } from "../../model/points.ts";
import { SeriesTable } from "../../model/series-table.ts";
import { fileExporter } from "./index.ts";

test("json is a line for each request", async () => {
  const path = join(folder(), "out.jsonl");
  const table = await written({ path }, [1, 2]);
  const expected = [1, 2].map((value) => metricsJson(batchOf(table, value)));
  expect(readFileSync(path, "utf8")).toBe(expected.map((line) => `${JSON.stringify(line)}\n`).join(""));
});

test.each([
  ["proto", "none"],
  ["proto", "zstd"],
  ["json", "zstd"],
] as const)("%s with compression %s stands in frames behind their lengths", async (format, compression) => {
  const path = join(folder(), "out.bin");
  await written({ path, format, compression }, [1, 2, 3]);
  const values = framesOf(readFileSync(path)).map((frame) => {
    const content = compression === "zstd" ? zstdDecompressSync(frame) : frame;
    if (format === "proto") return batchCodecs(new SeriesTable()).metrics.decode(content).points[0]!.value;
    return Number(/"asInt":"(\d+)"/.exec(content.toString())![1]);
  });
  expect(values).toEqual([1, 2, 3]);
});

test("a start goes on with what is there", async () => {
  const path = join(folder(), "out.jsonl");
  await written({ path }, [1]);
  await written({ path }, [2]);
  expect(valuesIn(path)).toEqual([1, 2]);
});

test("without append the file of before becomes a backup", async () => {
  const where = folder();
  const path = join(where, "out.jsonl");
  await written({ path, append: false }, [1]);
  await written({ path, append: false }, [2]);
  expect(readdirSync(where)).toHaveLength(2);
  expect(backupsIn(where).flatMap(valuesIn)).toEqual([1]);
  expect(valuesIn(path)).toEqual([2]);
});

test("a file whose end is torn is put aside as it is", async () => {
  for (const [format, torn] of [
    ["json", '{"resourceMetrics":[{"reso'],
    ["proto", "\0\0\0\x09short"],
    ["proto", "\0\0"],
  ]) {
    const where = folder();
    const path = join(where, "out");
    await written({ path, format }, [1]);
    const before = Buffer.concat([readFileSync(path), Buffer.from(torn!)]);
    writeFileSync(path, before);
    await written({ path, format }, [2]);
    expect(backupsIn(where).map((name) => readFileSync(name))).toEqual([before]);
    expect(readFileSync(path).length).toBe(before.length - torn!.length);
  }
});

test("a folder that is not there is told at the start", async () => {
  await expect(started({ path: join(folder(), "sub", "out.jsonl") })).rejects.toThrow("ENOENT");
});

test("a folder that is not there is made where that is asked for, with its mode", async () => {
  const where = folder();
  const path = join(where, "deep", "sub", "out.jsonl");
  await written({ path, create_directory: true, directory_permissions: "0700" }, [1]);
  expect(valuesIn(path)).toEqual([1]);
  expect(statSync(join(where, "deep")).mode & 0o777).toBe(0o700);
});

test("the file is owned, so that two exporters of it are a problem of the configuration", () => {
  const owned = fileExporter.resources!(fileExporter.config.parse({ path: "./out.jsonl" }));
  expect(owned).toEqual([{ type: "file", file: resolve("out.jsonl"), path: ["path"] }]);
});

/** Writes these values, one request each, and stops. */
async function written(config: object, values: readonly number[]): Promise<SeriesTable> {
  const rig = await started(config);
  for (const value of values) {
    expect(await rig.deliver(batchOf(rig.table, value))).toEqual({ taken: true });
  }
  await rig.stop();
  expect(rig.total("otelcol_exporter_sent_metric_points")).toBe(values.length);
  return rig.table;
}

async function started(config: object): Promise<SendingRig> {
  const rig = await sendingRig(fileExporter, config, fakeTransport());
  onTestFinished(() => rig.stop());
  return rig;
}

function batchOf(table: SeriesTable, value: number): MetricsBatch {
  const metric = table.metric(COUNTER);
  const series = table.series(table.resource({ "service.name": "gost" }), table.scope("test"), metric, {});
  return { rows: [], points: [{ series, start: 500, time: 1000, value }] };
}

function framesOf(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    frames.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return frames;
}

function valuesIn(path: string): number[] {
  return [...readFileSync(path, "utf8").matchAll(/"asInt":"(\d+)"/g)].map((match) => Number(match[1]));
}

function backupsIn(where: string): string[] {
  return readdirSync(where)
    .filter((name) => /^out-\d{4}/.test(name))
    .map((name) => join(where, name));
}

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "gostcol-file-"));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}
