import { resolve } from "node:path";
import { STORE } from "../../component/capabilities.ts";
import type { Extension } from "../../component/component.ts";
import { defineExtension } from "../../component/define.ts";
import { SqliteStore } from "../../kit/store/sqlite-store.ts";
import { NEVER } from "../../lib/abort.ts";
import { config } from "./config.ts";
import { StoreState } from "./store-state.ts";
import { TELEMETRY, Telemetry } from "./telemetry.ts";

export const fileStorageExtension = defineExtension({
  type: "file_storage",
  summary: "Keeps totals and everything else that components remember in a file, so that they outlive the process.",
  stability: "beta",
  config,
  telemetry: TELEMETRY,
  storeFolder: ({ directory }) => resolve(directory),
  resources: ({ directory }) => [{ type: "file", file: resolve(directory), path: ["directory"] }],

  create(config, { clock, log, meter, report }): Extension {
    const telemetry = new Telemetry(meter);
    const state = new StoreState({ log, report, telemetry, bytesMax: config.max_size });
    const store = new SqliteStore({
      folder: config.directory,
      createFolder: config.create_directory,
      folderMode: config.directory_permissions,
      fsync: config.fsync,
      lockTimeoutMs: config.timeout,
      bytesMax: config.max_size,
      onCorruption: config.on_corruption,
      clock,
      on: state,
    });
    let hideSize = () => {};

    return {
      provides: new Map([[STORE.name, store]]),
      async start(signal) {
        await store.open(signal);
        hideSize = telemetry.showSize(() => state.bytes, config.max_size);
      },
      async stop(deadline = NEVER) {
        hideSize();
        await store.close(deadline);
      },
      health: async () => state.health(store.waitingMs),
    };
  },
});
