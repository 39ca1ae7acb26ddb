import { resolve } from "node:path";
import type { Deps, Exporter } from "../../component/component.ts";
import { defineExporter } from "../../component/define.ts";
import type { MetricDescription } from "../../component/meter.ts";
import { compressor } from "../../kit/client/compression.ts";
import { checkSendFields } from "../../kit/send/config.ts";
import { sendFeeds } from "../../kit/send/dead-letter-exporter.ts";
import { sendChain } from "../../kit/send/send-chain.ts";
import { SendError } from "../../kit/send/send-error.ts";
import type { Sender } from "../../kit/send/sender.ts";
import { SEND_TELEMETRY } from "../../kit/send/telemetry.ts";
import { orAborted } from "../../lib/abort.ts";
import type { Cancel } from "../../lib/clock.ts";
import { type BatchCodec, batchCodecs } from "../../model/otlp/batch-codecs.ts";
import { batchJson } from "../../model/otlp/json-writer.ts";
import type { Batches, Signal } from "../../model/signal.ts";
import { Backups } from "./backups.ts";
import { type Config, config } from "./config.ts";
import { FRAME_HEADER_BYTES, RotatingFile } from "./rotating-file.ts";

const BYTES_PER_MEGABYTE = 1024 * 1024;
const ZSTD_LEVEL = 3;

const ROTATIONS: MetricDescription = {
  name: "gostcol_exporter_file_rotations",
  description: "How often the file was put aside",
  unit: "{file}",
};
const DELETED: MetricDescription = {
  name: "gostcol_exporter_file_backups_deleted",
  description: "Backups that were deleted, as too many or too old",
  unit: "{file}",
};

export const fileExporter = defineExporter({
  type: "file",
  summary: "Writes everything into a file, as OTLP in JSON or protobuf.",
  signals: { metrics: "stable", traces: "stable", logs: "stable" },
  queued: true,
  config,
  telemetry: [...SEND_TELEMETRY, ROTATIONS, DELETED],
  feeds: sendFeeds,
  check: checkSendFields,
  resources: ({ path }) => [{ type: "file", file: resolve(path), path: ["path"] }],

  create(config, deps, next): Exporter {
    const codecs = batchCodecs(deps.series);
    const file = fileOf(config, deps);
    const turns = new Turns();
    let syncing: Cancel | undefined;
    const sender = <S extends Signal>(signal: S, codec: BatchCodec<S>): Sender<S> => {
      const pieceOf = pieces(config, signal, codec);
      return {
        async send(batch, abort) {
          const piece = await pieceOf(batch);
          const written = turns.take(async () => {
            abort.throwIfAborted();
            await file.write(piece);
          });
          // What is under way on a disk that hangs may be written all the same, and is then there twice.
          await orAborted(written, abort).catch((error: Error) => {
            throw new SendError("retryable", "not_written", `${config.path}: ${error.message}`, { cause: error });
          });
          return undefined;
        },
      };
    };
    return sendChain({
      config,
      deps,
      next,
      codecs,
      senders: {
        metrics: sender("metrics", codecs.metrics),
        traces: sender("traces", codecs.traces),
        logs: sender("logs", codecs.logs),
      },
      transport: {
        async start() {
          await turns.take(() => file.open());
          if (config.flush_interval === 0) return;
          syncing = deps.clock.every(config.flush_interval, () => {
            turns.take(() => file.sync()).catch((error) => notSynced(error, config, deps));
          });
        },
        async stop(deadline) {
          syncing?.();
          codecs.dispose();
          const closed = turns.take(() => file.close());
          await orAborted(closed, deadline).catch((error) => notSynced(error, config, deps));
        },
      },
    });
  },
});

function fileOf(config: Config, deps: Deps): RotatingFile {
  const { path, format, compression, append, flush_interval, rotation } = config;
  const { clock, meter, log } = deps;
  const backups = new Backups({
    path,
    localTime: rotation.localtime,
    backupsMax: rotation.max_backups,
    daysMax: rotation.max_days,
  });
  return new RotatingFile({
    path,
    folderMode: config.create_directory ? config.directory_permissions : undefined,
    pieces: isFramed(format, compression) ? "frames" : "lines",
    append,
    bytesMax: rotation.max_megabytes * BYTES_PER_MEGABYTE,
    syncEach: flush_interval === 0,
    backups,
    now: () => clock.now(),
    async onPutAside() {
      meter.counter(ROTATIONS).value++;
      try {
        meter.counter(DELETED).value += await backups.prune(clock.now());
      } catch (error) {
        log.limited("backups").warn("old backups could not be deleted", { path, error });
      }
    },
  });
}

function isFramed(format: Config["format"], compression: Config["compression"]): boolean {
  return format === "proto" || compression !== "none";
}

/** A batch as it stands in the file: a line, or a frame. */
function pieces<S extends Signal>({ format, compression }: Config, signal: S, codec: BatchCodec<S>) {
  const compress = compressor(compression, ZSTD_LEVEL);
  return async (batch: Batches[S]): Promise<Uint8Array> => {
    const text = format === "json" ? JSON.stringify(batchJson(signal, batch)) : undefined;
    if (!isFramed(format, compression)) return Buffer.from(`${text}\n`);
    const content = await compress(text === undefined ? codec.encode(batch) : Buffer.from(text));
    const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + content.length);
    frame.writeUInt32BE(content.length);
    frame.set(content, FRAME_HEADER_BYTES);
    return frame;
  };
}

function notSynced(error: unknown, { path }: Config, { log }: Deps): void {
  const message = "what was written could not be forced to the disk: a power cut may lose it";
  log.limited("sync").error(message, { path, error });
}

/** One piece of work at a time, in the order in which they came. */
class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }
}
