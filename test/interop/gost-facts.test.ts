import { expect, test } from "vitest";
import { Books, expectSettled } from "./harness/books.ts";
import { startEdge, TUNNEL_SERVICES } from "./harness/edge.ts";
import { BOB } from "./harness/gost-config.ts";
import { startOrigin } from "./harness/origin.ts";
import { startRecordingObserver } from "./harness/recording-observer.ts";

// Facts of GOST that every other test of this suite stands on. When these fail GOST has changed, not gostcol.

test.each(["cumulative", "delta"] as const)("GOST reports the very bytes that clients moved (%s)", async (mode) => {
  const books = new Books();
  const observer = await startRecordingObserver(mode);
  const origin = await startOrigin();
  const edge = await startEdge({
    node: "edge-1",
    observer: { protocol: "http", addr: `http://127.0.0.1:${observer.port}/?node=edge-1` },
    resetTraffic: mode === "delta",
    origin,
    books,
  });
  for (const service of TUNNEL_SERVICES) {
    await edge.move(service, { upload: 1234, download: 54_321 });
    await edge.move(service, { upload: 70_000, download: 3 }, BOB);
  }
  await edge.request({ upload: 20_000, download: 777 });
  await edge.failToLogIn();
  await expectSettled(observer, books);

  const held = await edge.hold("socks");
  await held.move({ upload: 99, download: 1_000_000 });
  await held.close();
  await expectSettled(observer, books);
});

test("GOST tells the life of a service: running and ready, and on a reload closed beside the next running", async () => {
  const observer = await startRecordingObserver("cumulative");
  const origin = await startOrigin();
  const edge = await startEdge({
    node: "edge-1",
    observer: { protocol: "http", addr: `127.0.0.1:${observer.port}` },
    resetTraffic: false,
    origin,
    books: new Books(),
  });
  await expect.poll(() => observer.states("web")).toEqual(["running", "ready"]);
  await edge.gost.reload();
  await expect.poll(() => observer.states("web").slice(2).sort()).toEqual(["closed", "ready", "running"]);
});
