import type { Log } from "../../component/log.ts";
import type { Cancel, Clock } from "../../lib/clock.ts";
import type { Node } from "./node.ts";

/** A node's services report their states as they start, all within this. */
const AFTER_MS = 2_000;

/** The one line about a node that is new, made when its services had the time to tell of themselves. */
export class Introduction {
  readonly #node: Node;
  readonly #log: Log;
  readonly #transports = new Set<string>();
  readonly #modes = new Set<string>();
  /** Until it was made. */
  #cancel: Cancel | undefined;

  constructor(node: Node, { clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.#node = node;
    this.#log = log;
    this.#cancel = clock.after(AFTER_MS, () => this.make());
  }

  /** A report came over this transport, with this mode told. */
  note(transport: string, told: string | undefined): void {
    if (this.#cancel === undefined) return;
    this.#transports.add(transport);
    if (told !== undefined) this.#modes.add(told);
  }

  /** At once, unless it was made. */
  make(): void {
    if (this.#cancel === undefined) return;
    this.#cancel();
    this.#cancel = undefined;
    const { name, services } = this.#node;
    const modes = [...this.#modes].join(" and ") || "mode not told";
    this.#log.info(
      `${name} reports: ${[...this.#transports].join(" and ")} observer, ` +
        `${services.size} ${services.size === 1 ? "service" : "services"}, ${modes}`,
      { node: name },
    );
  }
}
