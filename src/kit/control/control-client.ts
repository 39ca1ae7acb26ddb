import { connect } from "node:net";
import { deadline } from "../../lib/abort.ts";
import type { Clock } from "../../lib/clock.ts";
import { ANSWER_BYTES_MAX, type ControlAnswer, ControlError } from "./messages.ts";
import { reachableFolder, SOCKET } from "./socket-path.ts";

/** An answer waits for a commit, which has its own bounds. */
const ANSWER_TIMEOUT_MS = 15_000;

/** Sends one request to the agent whose store is in the folder. Rejects with a `ControlError` where no answer came. */
export type AskAgent = (folder: string, request: unknown, signal: AbortSignal) => Promise<ControlAnswer>;

export function createAskAgent({ clock }: { readonly clock: Clock }): AskAgent {
  return async (folder, request, signal) => {
    const limit = deadline(clock, ANSWER_TIMEOUT_MS, "the agent's answer", signal);
    try {
      const line = await exchanged(folder, `${JSON.stringify(request)}\n`, limit.signal);
      return JSON.parse(line) as ControlAnswer;
    } catch (thrown) {
      throw thrown instanceof ControlError ? thrown : new ControlError("broken", messageOf(thrown), thrown);
    } finally {
      limit.cancel();
    }
  };
}

function exchanged(folder: string, line: string, signal: AbortSignal): Promise<string> {
  const short = reachableFolder(folder, SOCKET, process.platform);
  return new Promise<string>((resolve, reject) => {
    let text = "";
    const socket = connect({ path: short.path(SOCKET), signal });
    socket.setEncoding("utf8");
    socket.on("connect", () => socket.write(line));
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (text.length > ANSWER_BYTES_MAX) socket.destroy(new Error("its answer is too long"));
      else if (text.includes("\n")) {
        resolve(text.split("\n", 1)[0]!);
        socket.end();
      }
    });
    socket.on("end", () => reject(new Error("the agent ended the connection without an answer")));
    socket.on("error", (error: NodeJS.ErrnoException) => reject(controlError(error, folder)));
    socket.on("close", () => reject(new Error("the connection to the agent ended")));
  }).finally(() => short.release());
}

function controlError(error: NodeJS.ErrnoException, folder: string): Error {
  switch (error.code) {
    case "ENOENT":
    case "ECONNREFUSED": // A killed agent leaves its socket behind.
    case "ENOTDIR":
      return new ControlError("absent", `no agent listens in ${folder}`, error);
    case "EACCES":
    case "EPERM":
      return new ControlError("forbidden", `only the user that the agent in ${folder} runs as may talk to it`, error);
    default:
      return error;
  }
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
