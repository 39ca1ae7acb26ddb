import { endpointText } from "../../kit/fields.ts";
import { isEveryAddress } from "../../lib/host.ts";
import type { Config } from "./config.ts";

/** The lines of a `gost.yml` that make a GOST report here. They tell the mode, so that it need not be guessed. */
export function gostYml({ endpoint, tls, auth, temporality }: Config): string {
  const address = endpointText({ ...endpoint, host: isEveryAddress(endpoint.host) ? "THIS-HOST" : endpoint.host });
  const scheme = tls === undefined ? "http" : "https";
  const mode = temporality === "auto" ? "delta" : temporality;
  const resets = mode === "delta" ? ", observer.resetTraffic: true" : "";
  const metadata = `observer.period: 5s${resets}`;
  return [
    "observers:",
    "- name: gostcol",
    "  plugin:",
    "    type: http",
    `    addr: ${scheme}://${address}/observer?temporality=${mode}`,
    "    timeout: 5s",
    ...(auth.tokens.length > 0 ? ["    token: TOKEN"] : []),
    ...(tls === undefined ? [] : ["    tls: { secure: false }   # true: GOST checks our certificate"]),
    "services:",
    "- name: ...   # add these to each service",
    "  observer: gostcol",
    `  metadata: { enableStats: true, ${metadata} }`,
    `  handler: { observer: gostcol, metadata: { ${metadata} } }`,
  ].join("\n");
}
