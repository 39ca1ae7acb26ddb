import { expect, test } from "vitest";
import { agentRig, checkedConfig } from "../../test/support/fake-agent.ts";
import type { ControlAnswer, ControlHandler } from "../kit/control/messages.ts";
import { memoryStore } from "../kit/memory-store.ts";
import { NEVER } from "../lib/abort.ts";
import { registry } from "../registry.ts";

// What a running agent answers through its control socket; the socket itself has tests of its own.

const YAML = `
receivers: { gost: { endpoint: "127.0.0.1:1000" } }
processors: { delta_to_cumulative: }
exporters: { nop: }
service:
  telemetry: { metrics: { level: none } }
  pipelines: { metrics: { receivers: [gost], processors: [delta_to_cumulative], exporters: [nop] } }
`;
const STATE = "processor:delta_to_cumulative";

async function started({ durable = true } = {}) {
  let handler: ControlHandler | undefined;
  const places: string[] = [];
  let closed = 0;
  const rig = await agentRig(YAML, registry, {
    store: { ...memoryStore(), durable, place: "/var/lib/gostcol" },
    listenControl: async (place, answer) => {
      places.push(place);
      handler = answer;
      return {
        close: async () => {
          closed++;
        },
      };
    },
  });
  await rig.agent.start(NEVER);
  const stats = { totalConns: 1, currentConns: 0, inputBytes: 100, outputBytes: 0, totalErrs: 0 };
  const body = JSON.stringify({ events: [{ kind: "handler", service: "web", client: "alice", type: "stats", stats }] });
  await rig.network.server(1000).connect().send({ path: "/observer/edge-1?temporality=delta", body });
  return {
    ...rig,
    places,
    closed: () => closed,
    ask: (request: unknown): Promise<ControlAnswer> => handler!(request, NEVER),
  };
}

const adjust = (by: number, more: object = {}) => ({
  command: "adjust",
  state: STATE,
  adjustment: {
    id: "1",
    total: {
      owner: { node: "edge-1", kind: "handler", service: "web", client: "alice" },
      metric: "gost.client.io",
      direction: "receive",
    },
    by,
    reason: "because",
    at: 1,
  },
  ...more,
});

test("an agent listens beside its store from its start to its end, and not where nothing is stored", async () => {
  const { agent, places, closed } = await started();
  expect([places, closed()]).toEqual([["/var/lib/gostcol"], 0]);
  await agent.stop();
  expect(closed()).toBe(1);
  expect((await started({ durable: false })).places).toEqual([]);
});

test("it says who keeps state", async () => {
  const { ask } = await started();
  expect(await ask({ command: "describe" })).toEqual({
    type: "done",
    value: { version: "1.2.3", states: [STATE, "receiver:gost"] },
  });
});

test("a correction is done, or refused with the reason", async () => {
  const { ask } = await started();
  expect(await ask(adjust(-30))).toEqual({ type: "done", value: { value: 100, adjustment: -30 } });
  expect(await ask(adjust(-30))).toEqual({ type: "done", value: { value: 100, adjustment: -30 } });
  const less = await ask(adjust(-1000, { adjustment: { ...adjust(-1000).adjustment, id: "2" } }));
  expect(less).toEqual({ type: "refused", message: "that would leave less than nothing: at most 70 can be taken off" });
  expect(await ask(adjust(1, { state: `${STATE}/other` }))).toEqual({
    type: "refused",
    message: `nobody in the running agent keeps the totals of ${STATE}/other`,
  });
});

test("what is no request is refused, and says which version does not know it", async () => {
  const { ask } = await started();
  const requests = [
    null,
    1,
    {},
    { command: "stop" },
    adjust(1.5),
    adjust(1, { more: 1 }),
    adjust(1, { adjustment: {} }),
  ];
  for (const request of requests) {
    expect(await ask(request)).toEqual({ type: "refused", message: "this gostcol (1.2.3) does not know this request" });
  }
});

test("a correction that comes during a reload is made by whoever keeps the total after it", async () => {
  const { agent, ask } = await started();
  const changed = YAML.replace("delta_to_cumulative:", "delta_to_cumulative: { max_streams: 10 }");
  const reloading = agent.reload(await checkedConfig(changed, registry));
  expect(await ask(adjust(-30))).toEqual({ type: "done", value: { value: 100, adjustment: -30 } });
  expect((await reloading).changed).toEqual([`${STATE}@metrics`]);
});

test("that it cannot listen is a warning, and the agent runs", async () => {
  const { agent, logged } = await agentRig(YAML, registry, {
    store: { ...memoryStore(), durable: true, place: "/x" },
    listenControl: () => Promise.reject(new Error("the path is too long")),
  });
  await agent.start(NEVER);
  expect(logged).toContainEqual(
    expect.objectContaining({
      level: "warn",
      msg: "gostcol totals adjust cannot reach this agent: the path is too long",
    }),
  );
});
