import { chmodSync, lstatSync, mkdirSync, renameSync, rmdirSync, unlinkSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { orAborted } from "../../lib/abort.ts";
import type { Clock } from "../../lib/clock.ts";
import { type ControlAnswer, type ControlHandler, type ListenControl, REQUEST_BYTES_MAX } from "./messages.ts";
import { reachableFolder, SOCKET } from "./socket-path.ts";

const CONNECTIONS_MAX = 16;
/** For a request to come, and for an answer to be taken. */
const LINE_TIMEOUT_MS = 5000;
/** The socket is made in a folder of its own, which nobody else may enter, and put in its place when it is private. */
const CRADLE = "gostcol.sock.new";

/** The real control socket. What a killed agent left in its place is replaced: the folder's lock says that it is ours. */
export function createListenControl({ clock }: { readonly clock: Clock }): ListenControl {
  return async (folder, handler, signal) => {
    const gone = new AbortController();
    const open = new Set<Socket>();
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      open.add(socket);
      socket.on("close", () => open.delete(socket));
      socket.on("error", () => {}); // The peer left; it is over either way.
      serve(socket, { clock, handler, signal: gone.signal });
    });
    server.maxConnections = CONNECTIONS_MAX;
    server.on("error", () => {}); // Such as too many open files at an accept: the peer finds its connection refused.
    await bindPrivately(server, folder, signal);
    let closing: Promise<void> | undefined;
    return {
      close(deadline) {
        closing ??= closeAll(server, folder, deadline).catch(() => {
          gone.abort(new Error("the agent is being stopped"));
          for (const socket of open) socket.destroy();
        });
        return closing;
      },
    };
  };
}

interface Service {
  readonly clock: Clock;
  readonly handler: ControlHandler;
  readonly signal: AbortSignal;
}

/** One line in, one line out; whoever takes long with either is left. */
function serve(socket: Socket, { clock, handler, signal }: Service): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let cancelTimer = clock.after(LINE_TIMEOUT_MS, () => socket.destroy());
  socket.on("close", () => cancelTimer());
  const end = (answer: ControlAnswer) => {
    cancelTimer = clock.after(LINE_TIMEOUT_MS, () => socket.destroy());
    socket.end(`${JSON.stringify(answer)}\n`);
    socket.resume(); // What comes behind the line is nothing to us, and would keep its end from being seen.
  };
  const onData = (chunk: Buffer) => {
    bytes += chunk.length;
    chunks.push(chunk);
    if (bytes <= REQUEST_BYTES_MAX && !chunk.includes("\n")) return;
    socket.off("data", onData);
    socket.off("end", onEarlyEnd);
    cancelTimer();
    const line = Buffer.concat(chunks).toString().split("\n", 1)[0]!;
    if (bytes <= REQUEST_BYTES_MAX) void answered(line, handler, signal).then(end);
    else end({ type: "refused", message: `a request has at most ${REQUEST_BYTES_MAX} bytes` });
  };
  const onEarlyEnd = () => socket.destroy();
  socket.on("data", onData);
  socket.on("end", onEarlyEnd);
}

async function answered(line: string, handler: ControlHandler, signal: AbortSignal): Promise<ControlAnswer> {
  let request: unknown;
  try {
    request = JSON.parse(line);
  } catch {
    return { type: "refused", message: "a request is one line of JSON" };
  }
  return handler(request, signal);
}

async function bindPrivately(server: Server, folder: string, signal: AbortSignal): Promise<void> {
  const place = join(folder, SOCKET);
  const found = lstatSync(place, { throwIfNoEntry: false });
  if (found !== undefined && !found.isSocket()) throw new Error(`${place} is there, and is no socket`);
  const cradle = join(folder, CRADLE);
  removeCradle(cradle);
  mkdirSync(cradle, { mode: 0o700 });
  const short = reachableFolder(folder, join(CRADLE, SOCKET), process.platform);
  try {
    await listening(server, short.path(CRADLE, SOCKET), signal);
    chmodSync(join(cradle, SOCKET), 0o600);
    renameSync(join(cradle, SOCKET), place);
  } catch (thrown) {
    server.close();
    throw thrown;
  } finally {
    short.release();
    removeCradle(cradle);
  }
}

function listening(server: Server, path: string, signal: AbortSignal): Promise<void> {
  return orAborted(
    new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, () => {
        server.off("error", reject);
        resolve();
      });
    }),
    signal,
  );
}

async function closeAll(server: Server, folder: string, deadline: AbortSignal): Promise<void> {
  quietly(() => unlinkSync(join(folder, SOCKET)));
  await orAborted(new Promise<void>((closed) => server.close(() => closed())), deadline);
}

/** What is left of it will be in the way, and tell why, when it is made. */
function removeCradle(cradle: string): void {
  quietly(() => unlinkSync(join(cradle, SOCKET)));
  quietly(() => rmdirSync(cradle));
}

function quietly(remove: () => void): void {
  try {
    remove();
  } catch {
    // Mostly, it is not there.
  }
}
