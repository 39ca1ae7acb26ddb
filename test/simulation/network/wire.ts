import { between, happens, type World } from "../world.ts";
import type { Weather } from "./weather.ts";

export type End = "client" | "server";

/**
 * The way between the two ends of one connection. What goes in one direction arrives in order, after a while; two wires
 * know nothing of each other, so what goes over two connections may arrive in any order.
 */
export class Wire {
  readonly #world: World;
  readonly #weather: Weather;
  readonly #latencyMs: number;
  readonly #lastArrivalMs = { client: 0, server: 0 };
  #state: "up" | "cut" | "vanished" = "up";

  constructor(world: World, weather: Weather) {
    const { random } = weather;
    this.#world = world;
    this.#weather = weather;
    this.#latencyMs = happens(random, 0.8) ? between(random, 0.05, 1) : between(random, 1, 40);
  }

  get state(): "up" | "cut" | "vanished" {
    return this.#state;
  }

  /** `arrived` runs when it gets there, if it does; without `isHeld` before what is held up on other wires. */
  send(to: End, arrived: () => void, delayMs = 0, isHeld = true): void {
    if (this.#state !== "up") return;
    const { clock } = this.#world;
    const now = clock.monotonic();
    const { random, heldUntilMs } = this.#weather;
    const lastMs = this.#lastArrivalMs[to] + 0.001;
    const travelMs = this.#latencyMs * (0.5 + random.float()) + delayMs;
    const earliestMs = isHeld && heldUntilMs > now ? heldUntilMs + this.#latencyMs : now + travelMs;
    // What is behind something that is held up comes together with it, as TCP sends it again.
    const atMs = lastMs > now + 2 * this.#latencyMs ? lastMs : Math.max(earliestMs, lastMs);
    this.#lastArrivalMs[to] = atMs;
    clock.after(atMs - now, () => {
      if (this.#state === "up") arrived();
    });
  }

  /** Nothing arrives any more, what is on its way neither. */
  cut(): void {
    this.#state = "cut";
  }

  /** The same, and nobody is told. */
  vanish(): void {
    if (this.#state === "up") this.#state = "vanished";
  }
}
