import { describe, expect, test } from "vitest";
import { createWorld } from "../world.ts";
import { Weather } from "./weather.ts";
import { Wire } from "./wire.ts";

const LATENCY_MS_MAX = 40;

function wireWith(seed: number) {
  const world = createWorld(seed);
  const weather = new Weather(world, { fair: 0, foul: 0, troubles: [] }, "weather");
  const arrivals: { readonly what: string; readonly atMs: number }[] = [];
  const wire = new Wire(world, weather);
  return {
    world,
    weather,
    wire,
    arrivals,
    send(what: string, delayMs = 0, isHeld = true) {
      wire.send("server", () => arrivals.push({ what, atMs: world.clock.monotonic() }), delayMs, isHeld);
    },
  };
}

describe("a wire", () => {
  test("keeps the order of what goes in one direction, whatever stalls", async () => {
    for (let seed = 1; seed <= 50; seed++) {
      const { world, send, arrivals } = wireWith(seed);
      for (const what of ["a", "b", "c"]) {
        send(what, what === "a" ? 3000 : 0);
        await world.clock.advanceAsync(5);
      }
      await world.clock.advanceAsync(10_000);
      expect(arrivals.map(({ what }) => what)).toEqual(["a", "b", "c"]);
    }
  });

  test("brings what is behind something that is held up together with it, and holds it up no longer", async () => {
    for (let seed = 1; seed <= 50; seed++) {
      const { world, send, arrivals } = wireWith(seed);
      send("stalls", 3000);
      await world.clock.advanceAsync(1000);
      send("behind", 9000);
      await world.clock.advanceAsync(20_000);
      expect(arrivals[1]!.atMs - arrivals[0]!.atMs).toBeLessThan(0.01);
    }
  });

  test("lets what is held up arrive when the network is there again, but for what goes another way", async () => {
    for (let seed = 1; seed <= 50; seed++) {
      const { world, weather, send, arrivals } = wireWith(seed);
      weather.heldUntilMs = world.clock.monotonic() + 5000;
      send("on its own way", 0, false);
      send("held up");
      await world.clock.advanceAsync(10_000);
      expect(arrivals[0]!.atMs).toBeLessThan(2 * LATENCY_MS_MAX);
      expect(arrivals[1]!.atMs).toBeGreaterThanOrEqual(5000);
    }
  });

  test("brings nothing once it is cut, what is on its way neither", async () => {
    const { world, wire, send, arrivals } = wireWith(1);
    send("on its way");
    wire.cut();
    send("later");
    await world.clock.advanceAsync(10_000);
    expect([arrivals, wire.state]).toEqual([[], "cut"]);
  });
});
