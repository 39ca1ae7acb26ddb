import { GrpcError, TransportError } from "../../src/component/transport.ts";
import { type FakeTransport, fakeTransport } from "../support/fake-transport.ts";

/** `silent`: it never answers; what it was asked is answered once it is anything else. */
export type Mood = "well" | "away" | "silent" | "refusing";

/** What a sending exporter has before it, whatever it speaks: a test says how it is. */
export interface Backend {
  mood: Mood;
  /** The network's side of it; a component that writes elsewhere has its own. */
  readonly transport: FakeTransport;
}

const BAD_REQUEST = 400;
const INVALID_ARGUMENT = 3;
const UNAVAILABLE = 14;

/** Over HTTP, gRPC and as the far end of messages, which can refuse nothing: there what is refused is taken. */
export function networkBackend(): Backend {
  let mood: Mood = "well";
  let heard = Promise.withResolvers<void>();

  /** What is said once there is an answer. */
  async function answer<T>(taken: T, refused: () => T, gone: () => Error): Promise<T> {
    while (mood === "silent") await heard.promise;
    if (mood === "away") throw gone();
    return mood === "refusing" ? refused() : taken;
  }

  const gone = () => new TransportError("ECONNREFUSED", "nobody is there");
  const http = (status: number) => ({ status, headers: {}, body: new Uint8Array() });
  return {
    get mood() {
      return mood;
    },
    set mood(next) {
      mood = next;
      heard.resolve();
      heard = Promise.withResolvers();
    },
    transport: fakeTransport({
      http: () => answer(http(200), () => http(BAD_REQUEST), gone),
      grpc: () =>
        answer(
          new Uint8Array(),
          () => {
            throw new GrpcError(INVALID_ARGUMENT, "this is bad");
          },
          () => new GrpcError(UNAVAILABLE, "nobody is there"),
        ),
      messages: () => answer(undefined, () => undefined, gone),
    }),
  };
}
