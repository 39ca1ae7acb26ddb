import type { AddressInfo, Server } from "node:net";
import { ListenError } from "../../component/server.ts";
import { type Endpoint, endpointText } from "../fields.ts";

/** Makes a server listen, and says where it really does; otherwise a `ListenError` with the system's code. */
export function bind(server: Server, { host, port }: Endpoint, signal: AbortSignal): Promise<Endpoint> {
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
    server.listen({ host, port }, () => {
      signal.removeEventListener("abort", onAbort);
      server.off("error", onError);
      server.on("error", () => {}); // Such as too many open files at an accept: the peer finds its connection refused.
      const bound = server.address() as AddressInfo;
      resolve({ host: bound.address, port: bound.port });
    });
  });
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
