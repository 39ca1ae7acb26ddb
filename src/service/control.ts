import * as z from "zod";
import { type Adjustment, AdjustmentError } from "../component/totals.ts";
import type { ControlAnswer } from "../kit/control/messages.ts";
import type { GraphNode } from "../pipeline/graph.ts";

const adjustment = z.strictObject({
  id: z.string().min(1).max(100),
  total: z.strictObject({
    owner: z.strictObject({
      node: z.string(),
      kind: z.string(),
      service: z.string(),
      client: z.string().nullable().optional(),
    }),
    metric: z.string(),
    direction: z.string().optional(),
  }),
  by: z.int(),
  reason: z.string(),
  at: z.number(),
});

/** What an agent can be asked through its control socket. */
const controlRequest = z.discriminatedUnion("command", [
  /** Who runs here: answered with an `AgentDescription`. */
  z.strictObject({ command: z.literal("describe") }),
  /** Corrects a total that the owner of a state keeps: answered with an `Adjusted`. */
  z.strictObject({ command: z.literal("adjust"), state: z.string(), adjustment }),
]);

export interface AgentDescription {
  readonly version: string;
  /** The names of all states that its components keep: `processor:dedupe`. */
  readonly states: readonly string[];
}

export interface Controlled {
  readonly version: string;
  /** Those that run now. */
  nodes(): readonly GraphNode[];
}

/** Does what was asked for; whatever is wrong is the answer. */
export async function answerControl(
  { version, nodes }: Controlled,
  sent: unknown,
  signal: AbortSignal,
): Promise<ControlAnswer> {
  const parsed = controlRequest.safeParse(sent);
  if (!parsed.success) return { type: "refused", message: `this gostcol (${version}) does not know this request` };
  const request = parsed.data;
  const keepers = nodes().filter(({ seat }) => seat.keepsState);
  switch (request.command) {
    case "describe":
      return { type: "done", value: { version, states: keepers.map(({ owner }) => owner) } satisfies AgentDescription };
    case "adjust":
      return adjusted(
        keepers.find(({ owner }) => owner === request.state),
        request,
        signal,
      );
    default:
      return request satisfies never;
  }
}

async function adjusted(
  node: GraphNode | undefined,
  { state, adjustment }: { readonly state: string; readonly adjustment: Adjustment },
  signal: AbortSignal,
): Promise<ControlAnswer> {
  const { instance } = node ?? {};
  if (instance?.adjust === undefined) {
    return { type: "refused", message: `nobody in the running agent keeps the totals of ${state}` };
  }
  try {
    return { type: "done", value: await instance.adjust(adjustment, signal) };
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return { type: thrown instanceof AdjustmentError ? "refused" : "failed", message };
  }
}
