import type { Deps, Exporter } from "../../component/component.ts";
import { defineExporter } from "../../component/define.ts";
import type { Consumer } from "../../component/delivery.ts";
import type { MetricDescription } from "../../component/meter.ts";
import type { Batches, Signal } from "../../model/signal.ts";
import { type Config, config } from "./config.ts";
import { logsText } from "./logs-text.ts";
import { metricsText } from "./metrics-text.ts";
import { Sampler } from "./sampler.ts";
import { indented, type SignalText } from "./signal-text.ts";
import { tracesText } from "./traces-text.ts";
import { timeText } from "./words.ts";

const SKIPPED: MetricDescription = {
  name: "gostcol_exporter_debug_skipped",
  description: "Batches that sampling left unprinted.",
  unit: "{batch}",
};

const UNREAD: MetricDescription = {
  name: "gostcol_exporter_debug_unread",
  description: "Batches that were not printed because nobody reads standard output.",
  unit: "{batch}",
};

export const debugExporter = defineExporter({
  type: "debug",
  summary: "Prints what passes, for people.",
  signals: { metrics: "stable", traces: "stable", logs: "stable" },
  config,
  telemetry: [SKIPPED, UNREAD],

  create: (config, deps): Exporter => ({
    metrics: printer("metrics", metricsText, config, deps),
    traces: printer("traces", tracesText, config, deps),
    logs: printer("logs", logsText, config, deps),
  }),
});

/** Prints once a batch is committed, so that what is read here has happened. */
function printer<S extends Signal>(signal: S, text: SignalText<Batches[S]>, config: Config, deps: Deps): Consumer<S> {
  const { clock, log, meter, print } = deps;
  const sampler = new Sampler(clock, config.sampling_initial, config.sampling_thereafter);
  const skipped = meter.counter(SKIPPED, { signal });
  const unread = meter.counter(UNREAD, { signal });
  const show = (lines: string) => {
    if (config.use_internal_logger) log.info(lines);
    else if (!print(`${lines}\n`)) unread.value++;
  };

  return {
    consume(batch, delivery) {
      delivery.onCommitted(() => {
        if (!sampler.next()) {
          skipped.value++;
          return;
        }
        const heading = `${timeText(delivery.receivedAt)} ${signal}: ${text.count(batch).join(", ")}`;
        show([heading, ...indented(body(text, batch, config.verbosity))].join("\n"));
      });
    },
  };
}

function body<Batch>(text: SignalText<Batch>, batch: Batch, verbosity: Config["verbosity"]): readonly string[] {
  switch (verbosity) {
    case "basic":
      return [];
    case "normal":
      return text.lines(batch);
    case "detailed":
      return text.details(batch);
    default:
      return verbosity satisfies never;
  }
}
