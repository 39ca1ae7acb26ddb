import { test } from "vitest";
import { Books, expectBalanced, expectSettled } from "./harness/books.ts";
import { makeCertificate } from "./harness/certificates.ts";
import { startEdge, TUNNEL_SERVICES } from "./harness/edge.ts";
import { startGostcol } from "./harness/gostcol.ts";
import { startOrigin } from "./harness/origin.ts";
import { EVERY_REPORTING, someBytes } from "./harness/scenario.ts";

test.each(EVERY_REPORTING)(
  "totals are exact over TLS, with a token that tells node and mode: $protocol, $mode",
  async ({ protocol, mode }) => {
    const { certFile, keyFile } = await makeCertificate();
    const gostcol = await startGostcol({
      receiver: {
        tls: { cert_file: certFile, key_file: keyFile },
        auth: { tokens: [{ token: "s3cret", node: "edge-1", temporality: mode }] },
      },
    });
    const books = new Books();
    const address = `127.0.0.1:${gostcol.ports.receiver}`;
    const edge = await startEdge({
      node: "edge-1",
      observer: {
        protocol,
        addr: protocol === "http" ? `https://${address}/observer` : address,
        token: "s3cret",
        caFile: certFile,
      },
      resetTraffic: mode === "delta",
      origin: await startOrigin(),
      books,
    });
    for (let round = 0; round < 2; round++) {
      for (const service of TUNNEL_SERVICES) {
        await edge.move(service, { upload: someBytes(), download: someBytes() });
      }
      await expectBalanced(gostcol, books);
    }
    await expectSettled(gostcol, books);
  },
);
