import { expect, onTestFinished, test } from "vitest";
import { tlsPairs } from "../../../test/support/backend-faults.ts";
import { faultyBackend } from "../../../test/support/faulty-backend.ts";
import { NEVER } from "../../lib/abort.ts";
import { systemClock } from "../../lib/system-clock.ts";
import { httpClient } from "./http-client.ts";

const BYTES_MAX = 1000;

async function clientOf() {
  const { cert } = (await tlsPairs()).trusted;
  const client = httpClient(
    {
      tls: {
        caPem: cert,
        includeSystemCas: false,
        insecureSkipVerify: false,
        minVersion: "TLSv1.2",
        reloadIntervalMs: 0,
      },
      connectionsMax: 2,
      idleTimeoutMs: 10_000,
      answerBytesMax: BYTES_MAX,
    },
    systemClock,
  );
  onTestFinished(() => client.close());
  return (url: string) =>
    client.request({ method: "POST", url: new URL(url), headers: {}, body: Buffer.from("x") }, NEVER);
}

test("one client speaks to plain and to secured servers, in turn", async () => {
  const plain = await faultyBackend("http");
  const secured = await faultyBackend("http", (await tlsPairs()).trusted);
  const request = await clientOf();
  for (let round = 0; round < 2; round++) {
    expect((await request(`http://localhost:${plain.port}`)).status).toBe(200);
    expect((await request(`https://localhost:${secured.port}`)).status).toBe(200);
  }
  expect([plain.connections(), secured.connections()]).toEqual([1, 1]);
});

test("of a long answer the beginning is there, with its status", async () => {
  const backend = await faultyBackend("http");
  backend.fault = { http: (_, response) => response.writeHead(400).end("a".repeat(100 * BYTES_MAX)) };
  const { status, body } = await (await clientOf())(`http://localhost:${backend.port}`);
  expect([status, Buffer.from(body).toString()]).toEqual([400, "a".repeat(BYTES_MAX)]);
});
