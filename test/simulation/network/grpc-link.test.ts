import { expect, test } from "vitest";
import type { ServerLimits } from "../../../src/component/server.ts";
import { NEVER } from "../../../src/lib/abort.ts";
import { Fate } from "../../../src/simulate/books.ts";
import { Mortal } from "../agent/mortal.ts";
import { createWorld } from "../world.ts";
import { GrpcChannel } from "./grpc-link.ts";
import { SimNetwork } from "./sim-network.ts";
import { Weather } from "./weather.ts";

const PORT = 8000;

test("a connection whose end was sent is over for its server soon, though it is cut", async () => {
  for (let seed = 1; seed <= 50; seed++) {
    const world = createWorld(seed);
    const network = new SimNetwork(world);
    const open = new Set<number>();
    const options = { host: "", port: PORT, protocols: ["grpc"], limits: {} as ServerLimits, receipts: true } as const;
    const handler = {
      request: () => ({ status: 0 }),
      opened: ({ id }: { readonly id: number }) => open.add(id),
      closed: ({ id }: { readonly id: number }) => open.delete(id),
    };
    await network.listen(new Mortal())(options, handler, NEVER);
    const weather = new Weather(world, { fair: 0, foul: 0, troubles: [] }, "weather");
    const way = { world, network, weather, port: PORT, host: "10.0.0.1", unknowns: () => 0 };
    const channel = new GrpcChannel({ ...way, token: undefined });
    const answer = channel.send("", new Fate());
    await world.clock.advanceAsync(1_000);
    expect([await answer, open.size]).toEqual(["success", 1]);
    channel.end();
    channel.cut();
    await world.clock.advanceAsync(1_000);
    expect(open.size).toBe(0);
  }
});
