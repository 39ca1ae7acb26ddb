import { ControlError } from "../../kit/control/messages.ts";
import { NEVER } from "../../lib/abort.ts";
import type { AgentDescription } from "../../service/control.ts";
import type { CliContext } from "../context.ts";

/** Who runs on the store in a folder; undefined where nobody answers. */
export async function runningAgent({ askAgent }: CliContext, folder: string): Promise<AgentDescription | undefined> {
  try {
    const answer = await askAgent(folder, { command: "describe" }, NEVER);
    return answer.type === "done" ? (answer.value as AgentDescription) : undefined;
  } catch (thrown) {
    if (thrown instanceof ControlError) return undefined;
    throw thrown;
  }
}
