import type { Listen } from "../component/server.ts";

/** Where something listens. `component` is `receiver:gost`, or `agent` for its own metrics. */
export interface Listener {
  readonly component: string;
  readonly host: string;
  readonly port: number;
}

/** Tells of everything that listens by it. */
export function announced(listen: Listen, component: string, listening: (listener: Listener) => void): Listen {
  return async (options, handler, signal) => {
    const server = await listen(options, handler, signal);
    listening({ component, host: server.host, port: server.port });
    return server;
  };
}

/** Listens so that no large bodies are read while memory is short. */
export function sparing(listen: Listen, memoryIsShort: () => boolean): Listen {
  return (options, handler, signal) => listen({ ...options, memoryIsShort }, handler, signal);
}
