import type { HttpAnswer, HttpRequest, Transport } from "../../src/component/transport.ts";
import { orAborted } from "../../src/lib/abort.ts";

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
  /** Clients that were used and not closed since. */
  readonly openClients: number;
  readonly callsUnderWay: number;
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
  const open = new Set<object>();
  let callsUnderWay = 0;

  /** A client of which each call is answered, or given up. */
  function client() {
    const key = {};
    return {
      async call<T>(request: SentRequest, answer: () => T | Promise<T>, signal: AbortSignal): Promise<T> {
        signal.throwIfAborted();
        open.add(key);
        sent.push(request);
        callsUnderWay++;
        try {
          return await orAborted(Promise.resolve(answer()), signal);
        } finally {
          callsUnderWay--;
        }
      },
      close: () => {
        open.delete(key);
      },
    };
  }

  return {
    sent,
    get openClients() {
      return open.size;
    },
    get callsUnderWay() {
      return callsUnderWay;
    },
    http() {
      const { call, close } = client();
      return {
        request: (request, signal) => call({ type: "http", request }, () => http(request), signal),
        close,
      };
    },
    grpc() {
      const { call, close } = client();
      return {
        call: (method, message, metadata, signal) =>
          call({ type: "grpc", method, message, metadata }, () => grpc(method, message), signal),
        close,
      };
    },
    messages() {
      const { call, close } = client();
      return {
        send: (message, signal) => call({ type: "message", message }, () => messages(message), signal),
        close,
      };
    },
  };
}
