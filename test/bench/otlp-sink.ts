import { createListen } from "../../src/kit/server/listen.ts";
import { NEVER } from "../../src/lib/abort.ts";
import { systemClock } from "../../src/lib/system-clock.ts";
import { MetricsReader } from "../../src/model/otlp/metrics-reader.ts";
import { pointCount } from "../../src/model/points.ts";
import { SeriesTable } from "../../src/model/series-table.ts";

const LIMITS = {
  bodyBytesMax: 64 * 1024 * 1024,
  connectionsMax: 100,
  headerTimeoutMs: 60_000,
  bodyTimeoutMs: 60_000,
  idleTimeoutMs: 600_000,
  writeTimeoutMs: 600_000,
};
const PATIENCE_MS = 60_000;

export interface OtlpSink {
  readonly port: number;
  /** Resolves once so many points came in all. */
  received(points: number): Promise<void>;
  close(): Promise<void>;
}

/** A backend over OTLP/gRPC that counts points; in this process, so that it costs nothing to what is measured. */
export async function startOtlpSink(): Promise<OtlpSink> {
  const reader = new MetricsReader(new SeriesTable());
  let count = 0;
  const server = await createListen({ clock: systemClock })(
    { host: "127.0.0.1", port: 0, protocols: ["grpc"], limits: LIMITS, receipts: false },
    {
      request({ body }) {
        count += pointCount(reader.read(body));
        return { status: 0 };
      },
    },
    NEVER,
  );
  return {
    port: server.port,
    async received(points) {
      const giveUpAt = performance.now() + PATIENCE_MS;
      while (count < points) {
        if (performance.now() > giveUpAt) throw new Error(`${count} of ${points} points came through`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      if (count > points) throw new Error(`${count} points came through, and only ${points} were sent`);
    },
    close: () => server.close(AbortSignal.timeout(1000)),
  };
}
