import type { Exporter } from "../../component/component.ts";
import { defineExporter } from "../../component/define.ts";
import type { Server, ServerAnswer, ServerHandler } from "../../component/server.ts";
import { DENIED, guarded, serverGuard } from "../../kit/auth/server-guard.ts";
import { scrapeHandler } from "../../kit/prometheus/scrape-handler.ts";
import { SeriesNaming } from "../../kit/prometheus/series-naming.ts";
import { estimatedBytes, writeFamilies } from "../../kit/prometheus/write.ts";
import { PAGE_TIMEOUTS } from "../../kit/server/page-timeouts.ts";
import { checkServerTls, serverTls } from "../../kit/tls/server-tls.ts";
import { NEVER } from "../../lib/abort.ts";
import type { Cancel } from "../../lib/clock.ts";
import { config, namingOptions } from "./config.ts";
import { Drops } from "./drops.ts";
import { PageMemory } from "./page-memory.ts";
import { ShownSeries } from "./shown-series.ts";
import { TELEMETRY, Telemetry } from "./telemetry.ts";

/** A scrape has no body and headers of a few hundred bytes; who is slow with them is no scraper. */
const REQUEST_LIMITS = {
  bodyBytesMax: 1024,
  ...PAGE_TIMEOUTS,
};
/** An expired series is shown for so much of `metric_expiration` longer at the most. */
const EXPIRY_CHECKS = 10;
/** Far longer than between two scrapes: whoever is not heard of for so long may not come again. */
const PAGE_IDLE_MS = 5 * 60_000;

/** Who scraped a page without the stored totals would take their series for gone. */
const NOT_WHOLE: ServerAnswer = {
  status: 503,
  headers: { "content-type": "text/plain; charset=utf-8", "retry-after": "1" },
  body: "the stored totals are not all here yet\n",
};

export const prometheusExporter = defineExporter({
  type: "prometheus",
  summary: "Shows the last value of every series on a page that Prometheus scrapes.",
  signals: { metrics: "stable" },
  config,
  telemetry: [...TELEMETRY, DENIED],
  check: ({ tls }) => (tls === undefined ? [] : checkServerTls(tls, ["tls"])),
  resources: ({ endpoint: { host, port }, tls, auth }) => [
    { type: "listen", host, port, protected: tls !== undefined || auth !== undefined, path: ["endpoint"] },
  ],

  create(config, deps): Exporter {
    const { clock, listen, log, meter, random, series: table } = deps;
    const guard = serverGuard(config.auth, deps);
    const telemetry = new Telemetry(meter);
    const pages = new PageMemory();
    const handler = scrapeHandler({
      title: "gostcol's metrics",
      shared: true,
      openMetrics: config.enable_open_metrics,
      write(format) {
        const { send_timestamps: timestamps, export_created_metric: created } = config;
        const options = { format, timestamps, created: created.enabled };
        const families = shown.families();
        return writeFamilies(families, options, pages.take(estimatedBytes(families, options)));
      },
      recycle: (text) => pages.give(text),
      scraped: ({ type }) => telemetry.scraped(type),
      failed: (error) => log.error("a scrape failed", { error }),
    });
    const restoring: ServerHandler = { request: (request) => (isWhole ? handler.request(request) : NOT_WHOLE) };
    const shown = new ShownSeries({
      naming: new SeriesNaming(namingOptions(config)),
      table,
      drops: new Drops(log, telemetry),
      random,
      seriesMax: config.limits.series,
      onChange: () => handler.changed(),
    });
    const expirationMs = config.metric_expiration;
    const running: Cancel[] = [];
    let isWhole = false;
    let server: Server | undefined;

    return {
      metrics: {
        consume: (batch, delivery) => delivery.onCommitted(() => shown.take(batch, clock.monotonic())),
      },
      async start(signal) {
        guard.start();
        const { host, port } = config.endpoint;
        const limits = { ...REQUEST_LIMITS, connectionsMax: config.limits.connections };
        const tls = config.tls === undefined ? {} : { tls: serverTls(config.tls) };
        const options = { host, port, protocols: ["http"], ...tls, limits, receipts: false } as const;
        server = await listen(options, guarded(restoring, guard), signal);
        running.push(telemetry.showSeries(() => shown.size));
        running.push(clock.every(PAGE_IDLE_MS, () => pages.clearUnused()));
        if (expirationMs > 0) {
          const expire = () => {
            telemetry.expired.value += shown.expire(clock.monotonic() - expirationMs);
          };
          running.push(clock.every(Math.max(expirationMs / EXPIRY_CHECKS, 1000), expire));
        }
      },
      restored() {
        isWhole = true;
      },
      async stop(deadline = NEVER) {
        for (const cancel of running.splice(0)) cancel();
        await server?.close(deadline);
        server = undefined;
        shown.dispose();
      },
    };
  },
});
