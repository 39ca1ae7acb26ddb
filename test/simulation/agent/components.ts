import * as z from "zod";
import type { Deps } from "../../../src/component/component.ts";
import { defineExporter } from "../../../src/component/define.ts";
import type { Registry } from "../../../src/component/registry.ts";
import type { CheckedConfig } from "../../../src/config/checked-config.ts";
import { loadConfig } from "../../../src/config/load-config.ts";
import { problemText } from "../../../src/config/problem-text.ts";
import { NEVER } from "../../../src/lib/abort.ts";
import type { Show } from "../shown.ts";

/**
 * The components that agents are made of, with an exporter more, `world`, that shows totals to the world around. Each
 * configuration is read once for all lives.
 */
export class Components {
  readonly #registry: Registry;
  /** How a process shows something, by what only it has. */
  readonly #ways = new WeakMap<Deps["print"], Show>();
  readonly #configs = new Map<string, Promise<CheckedConfig>>();

  constructor(registry: Registry) {
    const world = defineExporter({
      type: "world",
      summary: "Shows totals to the simulated world.",
      config: z.strictObject({ label: z.string().default("").describe("Makes another exporter of it.") }),
      signals: { metrics: "development" },
      create: (_, { print }) => {
        const show = this.#ways.get(print)!;
        return { metrics: { consume: (batch, delivery) => delivery.onCommitted(() => show(batch)) } };
      },
    });
    this.#registry = { ...registry, exporters: [...registry.exporters, world] };
  }

  /** What a process prints with, by which its exporters find the way to the world. */
  printer(show: Show): Deps["print"] {
    const print = () => true;
    this.#ways.set(print, show);
    return print;
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
