import type { Extension } from "../../component/component.ts";
import { defineExtension } from "../../component/define.ts";
import type { Server, ServerHandler, ServerLimits } from "../../component/server.ts";
import { DENIED, guarded, serverGuard } from "../../kit/auth/server-guard.ts";
import { PAGE_TIMEOUTS } from "../../kit/server/page-timeouts.ts";
import { serverTls } from "../../kit/tls/server-tls.ts";
import { NEVER } from "../../lib/abort.ts";
import { checkConfig, config } from "./config.ts";
import { healthPages } from "./pages.ts";

/** A probe has no body, and few probe. */
const LIMITS: ServerLimits = {
  bodyBytesMax: 1024,
  connectionsMax: 100,
  ...PAGE_TIMEOUTS,
};

export const healthCheckExtension = defineExtension({
  type: "health_check",
  summary: "Answers probes: whether the agent lives, takes data, and brings it where it is to go.",
  stability: "beta",
  config,
  telemetry: [DENIED],
  check: checkConfig,
  resources: ({ endpoint: { host, port }, tls, auth }) => [
    {
      type: "listen",
      host,
      port,
      protected: tls?.client_ca_file !== undefined || auth !== undefined,
      path: ["endpoint"],
    },
  ],

  create(config, deps): Extension {
    const { agentHealth, clock, listen } = deps;
    const guard = serverGuard(config.auth, deps);
    const page = healthPages(config);
    const { host, port } = config.endpoint;
    const tls = config.tls === undefined ? {} : { tls: serverTls(config.tls) };
    let server: Server | undefined;
    return {
      async start(signal) {
        guard.start();
        const options = { host, port, protocols: ["http"], ...tls, limits: LIMITS, receipts: false } as const;
        const handler: ServerHandler = { request: async (request) => page(request, await agentHealth(), clock.now()) };
        server = await listen(options, guarded(handler, guard), signal);
      },
      async stop(deadline = NEVER) {
        await server?.close(deadline);
        server = undefined;
      },
    };
  },
});
