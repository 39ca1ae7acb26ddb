import * as net from "node:net";
import { ListenError } from "../../component/server.ts";
import { type Endpoint, endpointText } from "../fields.ts";

/** Makes a server listen, and says where it really does; otherwise a `ListenError` with the system's code. */
export function bind(server: net.Server, { host, port }: Endpoint, signal: AbortSignal): Promise<Endpoint> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      server.close();
      reject(signal.reason);
    };
    const onError = (error: NodeJS.ErrnoException) => {
      signal.removeEventListener("abort", onAbort);
      reject(new ListenError(error.code ?? "UNKNOWN", problemText(error, endpointText({ host, port })), error));
    };
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    server.once("error", onError);
    signal.addEventListener("abort", onAbort, { once: true });
    listen(server, { host, port }, () => {
      signal.removeEventListener("abort", onAbort);
      server.off("error", onError);
      server.on("error", () => {}); // Such as too many open files at an accept: the peer finds its connection refused.
      const bound = server.address() as net.AddressInfo;
      resolve({ host: bound.address, port: bound.port });
    });
  });
}

/**
 * For what could be a name Node looks it up, and whether it is an IPv6 address, which takes milliseconds of each start: the
 * pattern is large, and compiled then. An IPv4 address needs none of it, from Node 24.19 on.
 */
function listen(server: net.Server, endpoint: Endpoint, done: () => void): void {
  if (net.BoundSocket === undefined || !net.isIPv4(endpoint.host)) {
    server.listen(endpoint, done);
    return;
  }
  try {
    server.listen(new net.BoundSocket(endpoint), done);
  } catch (thrown) {
    server.emit("error", thrown);
  }
}

function problemText(error: NodeJS.ErrnoException, address: string): string {
  switch (error.code) {
    case "EADDRINUSE":
      return `${address} is in use already`;
    case "EACCES":
      return `not allowed to listen on ${address}`;
    case "EADDRNOTAVAIL":
      return `this machine has no such address: ${address}`;
    case "ENOTFOUND":
      return `the name in ${address} is not known`;
    default:
      return `cannot listen on ${address}: ${error.message}`;
  }
}
