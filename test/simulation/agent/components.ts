import * as z from "zod";
import { STORE } from "../../../src/component/capabilities.ts";
import type { Deps } from "../../../src/component/component.ts";
import { defineExporter, defineExtension } from "../../../src/component/define.ts";
import type { Registry } from "../../../src/component/registry.ts";
import type { CheckedConfig } from "../../../src/config/checked-config.ts";
import { loadConfig } from "../../../src/config/load-config.ts";
import { problemText } from "../../../src/config/problem-text.ts";
import { NEVER } from "../../../src/lib/abort.ts";
import type { AgentEnvironment } from "../../../src/service/environment.ts";
import type { Show } from "../shown.ts";

/**
 * The components that agents are made of, with an exporter more, `world`, that shows totals to the world around, and an
 * extension, `disk`, that is the store. Each configuration is read once for all lives.
 */
export class Components {
  readonly #registry: Registry;
  /** The ways of a process to the world, by what only it has. */
  readonly #ways = new WeakMap<Deps["print"], { readonly show: Show; readonly environment: AgentEnvironment }>();
  readonly #configs = new Map<string, Promise<CheckedConfig>>();

  constructor(registry: Registry) {
    const world = defineExporter({
      type: "world",
      summary: "Shows totals to the simulated world.",
      config: z.strictObject({ label: z.string().default("").describe("Makes another exporter of it.") }),
      signals: { metrics: "development" },
      create: (_, { print }) => {
        const { show } = this.#ways.get(print)!;
        return { metrics: { consume: (batch, delivery) => delivery.onCommitted(() => show(batch)) } };
      },
    });
    const disk = defineExtension({
      type: "disk",
      summary: "The store of the simulated machine.",
      stability: "development",
      config: z.strictObject({}),
      create: (_, { print }) => ({ provides: new Map([[STORE.name, this.#ways.get(print)!.environment.store]]) }),
    });
    const { exporters, extensions } = registry;
    this.#registry = { ...registry, exporters: [...exporters, world], extensions: [...extensions, disk] };
  }

  /** How a process with this environment shows something. */
  show(environment: AgentEnvironment, show: Show): void {
    this.#ways.set(environment.print, { show, environment });
  }

  /** Reads configurations before a life begins: the code of components is loaded in real time, in which no life waits. */
  async prepare(texts: readonly string[]): Promise<void> {
    await Promise.all(texts.map((text) => this.config(text)));
  }

  config(text: string): Promise<CheckedConfig> {
    let config = this.#configs.get(text);
    if (config === undefined) {
      config = this.#read(text);
      this.#configs.set(text, config);
    }
    return config;
  }

  async #read(text: string): Promise<CheckedConfig> {
    const { config, problems } = await loadConfig(
      {
        registry: this.#registry,
        configs: [{ name: "gostcol.yaml", text }],
        sets: [],
        environment: {},
        readFile: () => Promise.reject(new Error("there are no files here")),
      },
      NEVER,
    );
    if (config === undefined) throw new Error(problems.map(problemText).join("\n"));
    return config;
  }
}
