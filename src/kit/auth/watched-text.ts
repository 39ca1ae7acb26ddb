import type { Log } from "../../component/log.ts";
import type { Cancel, Clock } from "../../lib/clock.ts";
import { oneAtATime } from "../../lib/one-at-a-time.ts";
import { readTextFile } from "../../lib/system-files.ts";

/** How often a file is looked at: a password that was taken back must not be good for long. */
const PERIOD_MS = 5_000;

export interface WatchedTextOptions {
  readonly file: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Throws where it is not what it should be; without what is in it. Called with what was read first, and with each change. */
  readonly take: (text: string) => void;
}

/**
 * A file whose text is read at the start, where a fault in it is an error, and again when it changes: then what cannot
 * be read or taken leaves the old in use, and is told once.
 */
export class WatchedText {
  readonly #options: WatchedTextOptions;
  #text: string | undefined;
  #fault: string | undefined;
  #cancel: Cancel | undefined;
  #stopped = false;

  constructor(options: WatchedTextOptions) {
    this.#options = options;
  }

  async start(signal: AbortSignal): Promise<void> {
    const { file, clock, take } = this.#options;
    try {
      this.#text = await readTextFile(file, signal);
      take(this.#text);
    } catch (error) {
      throw new Error(`${file}: ${messageOf(error)}`, { cause: error });
    }
    if (!this.#stopped) this.#cancel = clock.every(PERIOD_MS, () => void this.look());
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  /** Looks now, or shares the look that is under way: two beside each other could end with what the older one read. */
  readonly look = oneAtATime(() => this.#readAgain());

  async #readAgain(): Promise<void> {
    const { file, log, take } = this.#options;
    try {
      const text = await readTextFile(file);
      if (this.#stopped) return;
      if (text !== this.#text) {
        take(text);
        this.#text = text;
        log.info(`${file} has changed, and was read again`);
      }
      this.#fault = undefined;
    } catch (error) {
      if (this.#stopped) return;
      const fault = messageOf(error);
      if (fault !== this.#fault) log.error(`${file} cannot be used, what was in it before stays: ${fault}`);
      this.#fault = fault;
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
