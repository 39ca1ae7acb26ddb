import { defineReceiver } from "../../component/define.ts";
import { checkConfig, config } from "./config.ts";
import { gostYml } from "./gost-yml.ts";
import { createGostReceiver } from "./receiver.ts";
import { TELEMETRY } from "./telemetry.ts";

export const gostReceiver = defineReceiver({
  type: "gost",
  summary: "Receives what the observers of GOST proxies report, over HTTP and gRPC on one port.",
  config,
  check: checkConfig,
  signals: { metrics: "beta", logs: "beta" },
  telemetry: Object.values(TELEMETRY),
  resources: ({ endpoint: { host, port }, auth, tls }) => [
    {
      type: "listen",
      host,
      port,
      protected: auth.tokens.length > 0 || tls?.client_ca_file !== undefined,
      path: ["endpoint"],
    },
  ],
  hint: gostYml,
  create: createGostReceiver,
});
