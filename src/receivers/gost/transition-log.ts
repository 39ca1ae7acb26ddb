import type { Log } from "../../component/log.ts";
import type { Node } from "./node.ts";

/** So often a node may go and come back within this time before its lines are left out. */
const LINES_MAX = 3;
const WITHIN_MS = 3_600_000;

/** One line whenever a node goes, and one when it comes back; but no flood of them from one that does little else. */
export class TransitionLog {
  readonly #node: Node;
  readonly #log: Log;
  /** When it went, of the last hour; those that were told. */
  #wentAt: readonly number[] = [];
  #isTold = false;

  constructor(node: Node, log: Log) {
    this.#node = node;
    this.#log = log;
  }

  /** `now`: a monotonic clock's. */
  gone(how: string, now: number): void {
    const recent = this.#wentAt.filter((at) => now - at < WITHIN_MS);
    this.#isTold = recent.length < LINES_MAX;
    if (!this.#isTold) return;
    this.#wentAt = [...recent, now];
    const flapping =
      this.#wentAt.length === LINES_MAX ? " (it comes and goes: more of that is not said for a while)" : "";
    this.#log.warn(`${this.#node.name} is gone: ${how}${flapping}`, { node: this.#node.name });
  }

  back(): void {
    if (this.#isTold) this.#log.info(`${this.#node.name} is back`, { node: this.#node.name });
    this.#isTold = false;
  }
}
