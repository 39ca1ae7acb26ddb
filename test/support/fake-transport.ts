import type { HttpAnswer, HttpRequest, Transport } from "../../src/component/transport.ts";

/** One request that an exporter sent, over either protocol. */
export type SentRequest =
  | { readonly type: "http"; readonly request: HttpRequest }
  | { readonly type: "message"; readonly message: Uint8Array }
  | {
      readonly type: "grpc";
      readonly method: string;
      readonly message: Uint8Array;
      readonly metadata: Readonly<Record<string, string>>;
    };

export interface FakeTransport extends Transport {
  readonly sent: SentRequest[];
}

/** A network on which everything arrives and is answered at once; by default with an empty success. */
export function fakeTransport(
  answer: {
    readonly http?: (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>;
    readonly messages?: (message: Uint8Array) => void | Promise<void>;
    readonly grpc?: (method: string, message: Uint8Array) => Uint8Array | Promise<Uint8Array>;
  } = {},
): FakeTransport {
  const {
    messages = () => {},
    http = () => ({ status: 200, headers: {}, body: new Uint8Array() }),
    grpc = () => new Uint8Array(),
  } = answer;
  const sent: SentRequest[] = [];
  return {
    sent,
    http: () => ({
      async request(request) {
        sent.push({ type: "http", request });
        return http(request);
      },
      close: () => {},
    }),
    grpc: () => ({
      async call(method, message, metadata) {
        sent.push({ type: "grpc", method, message, metadata });
        return grpc(method, message);
      },
      close: () => {},
    }),
    messages: () => ({
      async send(message) {
        sent.push({ type: "message", message });
        await messages(message);
      },
      close: () => {},
    }),
  };
}
