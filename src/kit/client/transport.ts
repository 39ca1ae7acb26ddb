import type { Transport } from "../../component/transport.ts";
import type { Clock } from "../../lib/clock.ts";
import { grpcClient } from "./grpc-client.ts";
import { httpClient } from "./http-client.ts";
import { messageSocket } from "./message-socket.ts";

/** The real network's sending side. */
export function createTransport({ clock }: { readonly clock: Clock }): Transport {
  return {
    http: (options) => httpClient(options, clock),
    grpc: (options) => grpcClient(options, clock),
    messages: messageSocket,
  };
}

/** For worlds that have no network. */
export const noTransport: Transport = {
  http: () => refuse(),
  grpc: () => refuse(),
  messages: () => refuse(),
};

function refuse(): never {
  throw new Error("no network here");
}
