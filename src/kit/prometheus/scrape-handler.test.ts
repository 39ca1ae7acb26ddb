import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { NEVER } from "../../lib/abort.ts";
import { createFakeNetwork } from "../server/fake-server.ts";
import type { Format } from "./format.ts";
import { type ScrapeOptions, scrapeHandler } from "./scrape-handler.ts";

const LIMITS = {
  bodyBytesMax: 1,
  connectionsMax: 1,
  headerTimeoutMs: 1,
  bodyTimeoutMs: 1,
  idleTimeoutMs: 1,
  writeTimeoutMs: 1,
};

async function scraped(options: Partial<ScrapeOptions> = {}) {
  const network = createFakeNetwork();
  const written: Format[] = [];
  const handler = scrapeHandler({
    shared: true,
    openMetrics: true,
    title: "test",
    write(format) {
      written.push(format);
      return Buffer.from(`text ${written.length}\n`);
    },
    ...options,
  });
  const server = { host: "::1", port: 1, protocols: ["http"], limits: LIMITS, receipts: false } as const;
  await network.listen(server, handler, NEVER);
  const connection = network.server().connect();
  const get = (path = "/metrics", headers: Record<string, string> = {}, method = "GET") =>
    connection.send({ method, path, headers });
  return { get, handler, written };
}

describe("a scrape", () => {
  test("is answered in the format that was asked for", async () => {
    const { get } = await scraped();
    const { answer, text } = await get("/metrics", { accept: "application/openmetrics-text" });
    expect(answer.status).toBe(200);
    expect(answer.headers?.["content-type"]).toBe(
      "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores",
    );
    expect(text).toBe("text 1\n");
  });

  test("is zipped for whoever takes that", async () => {
    const { get } = await scraped();
    const { answer } = await get("/metrics", { "accept-encoding": "gzip" });
    expect(answer.headers?.["content-encoding"]).toBe("gzip");
    expect(gunzipSync(answer.body as Uint8Array).toString()).toBe("text 1\n");
  });

  test("shares the text of an earlier one until something changed, plain and zipped, but not between formats", async () => {
    const { get, handler, written } = await scraped();
    await Promise.all([get(), get(), get("/metrics", { "accept-encoding": "gzip" })]);
    await get("/metrics", { accept: "text/plain;version=1.0.0" });
    expect(written.length).toBe(1);
    await get("/metrics", { accept: "application/openmetrics-text" });
    expect(written.length).toBe(2);
    handler.changed();
    expect((await get()).text).toBe("text 3\n");
  });

  test("gives a text back when something changed and the last answer with it was sent", async () => {
    const recycled: string[] = [];
    const { get, handler } = await scraped({ recycle: (text) => recycled.push(text.toString()) });
    const settled = () => new Promise((resolve) => setImmediate(resolve));
    const [first, second] = [await get(), await get()];
    const zipped = await get("/metrics", { "accept-encoding": "gzip" });
    first.answer.done!();
    handler.changed();
    zipped.answer.done!();
    await settled();
    expect(recycled).toEqual([]);
    second.answer.done!();
    await settled();
    expect(recycled).toEqual(["text 1\n"]);
    const third = await get();
    third.answer.done!();
    await settled();
    expect(recycled).toEqual(["text 1\n"]); // The next scrape may still get it.
    handler.changed();
    await settled();
    expect(recycled).toEqual(["text 1\n", "text 2\n"]);
  });

  test("is written anew each time where texts are not shared", async () => {
    const { get } = await scraped({ shared: false });
    expect([(await get()).text, (await get()).text]).toEqual(["text 1\n", "text 2\n"]);
  });

  test("that cannot be written is answered with 500 and told, and the next one is tried again", async () => {
    let broken = true;
    const errors: unknown[] = [];
    const { get } = await scraped({
      write: async () => {
        if (broken) throw new Error("broken");
        return Buffer.from("well\n");
      },
      failed: (error) => errors.push(error),
    });
    expect((await get("/metrics", { "accept-encoding": "gzip" })).answer.status).toBe(500);
    expect(errors).toEqual([new Error("broken")]);
    broken = false;
    expect((await get()).text).toBe("well\n");
  });
});

test("HEAD is answered, other methods are told which to use, other paths where to look, and / is a page", async () => {
  const { get, written } = await scraped();
  expect((await get("/metrics", {}, "HEAD")).answer.status).toBe(200);
  const post = await get("/metrics", {}, "POST");
  expect([post.answer.status, post.answer.headers?.["allow"]]).toEqual([405, "GET, HEAD"]);
  const lost = await get("/metric");
  expect([lost.answer.status, lost.text]).toEqual([404, "nothing is here; the metrics are at /metrics\n"]);
  expect((await get("/")).text).toContain('href="/metrics"');
  expect(written.length).toBe(1);
});
