import * as z from "zod";
import type { ConfigProblem } from "../../component/define.ts";
import type { ServerTls } from "../../component/server.ts";
import { duration, secret } from "../fields.ts";
import { CIPHER_SUITE_NAMES, CIPHER_SUITES } from "./cipher-suites.ts";
import { tlsVersion } from "./tls-version.ts";

/**
 * The `tls` section of everything that listens, with the Collector's names for servers (its configtls). Files are looked
 * at again by default; in the Collector only where `reload_interval` says so.
 */
export function serverTlsConfig() {
  return z.strictObject({
    cert_file: z.string().min(1).optional().describe("The server's certificate and its chain, a PEM file."),
    cert_pem: z.string().min(1).optional().describe("The same as text."),
    key_file: z.string().min(1).optional().describe("The certificate's private key, a PEM file."),
    key_pem: secret().optional().describe("The same as text."),
    client_ca_file: z
      .string()
      .min(1)
      .optional()
      .describe("CAs, a PEM file; with it, only clients with a certificate that one of them has signed are let in."),
    min_version: tlsVersion().prefault("1.2").describe("The oldest TLS version that is spoken."),
    max_version: tlsVersion()
      .optional()
      .describe("The newest TLS version that is spoken; without it the newest there is."),
    cipher_suites: z
      .array(z.enum(CIPHER_SUITE_NAMES))
      .min(1)
      .optional()
      .describe(
        "The cipher suites of TLS 1.2, best first; without it Node's own choice. Those of TLS 1.3 stay as they are.",
      ),
    reload_interval: duration(10_000).describe("How often the files are looked at for changes; 0 never."),
    client_ca_file_reload: z.boolean().default(true).describe("Whether `client_ca_file` is looked at as well."),
  });
}

export type ServerTlsConfig = z.output<ReturnType<typeof serverTlsConfig>>;

export function serverTls(config: ServerTlsConfig): ServerTls {
  return {
    ...(config.cert_file !== undefined && { certFile: config.cert_file }),
    ...(config.cert_pem !== undefined && { certPem: config.cert_pem }),
    ...(config.key_file !== undefined && { keyFile: config.key_file }),
    ...(config.key_pem !== undefined && { keyPem: config.key_pem.reveal() }),
    ...(config.client_ca_file !== undefined && { clientCaFile: config.client_ca_file }),
    minVersion: config.min_version,
    ...(config.max_version !== undefined && { maxVersion: config.max_version }),
    ...(config.cipher_suites && { cipherSuites: config.cipher_suites.map((name) => CIPHER_SUITES[name]) }),
    reloadIntervalMs: config.reload_interval,
    clientCaFileReload: config.client_ca_file_reload,
  };
}

/** What the fields cannot say alone; `path` leads to the section. For a component's `check`. */
export function checkServerTls(config: ServerTlsConfig, path: ConfigProblem["path"]): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  for (const part of ["cert", "key"] as const) {
    const [file, pem] = [`${part}_file`, `${part}_pem`] as const;
    if (config[file] !== undefined && config[pem] !== undefined) {
      const message = `both ${file} and ${pem} are given`;
      problems.push({
        severity: "error",
        path: [...path, pem],
        code: "exclusive_options",
        message,
        expected: "one of them",
      });
    } else if (config[file] === undefined && config[pem] === undefined) {
      const message = part === "cert" ? "TLS needs a certificate" : "TLS needs the certificate's private key";
      problems.push({ severity: "error", path, code: "missing_option", message, expected: `${file} or ${pem}` });
    }
  }
  if (config.min_version === "TLSv1.3" && config.max_version === "TLSv1.2") {
    problems.push({
      severity: "error",
      path: [...path, "max_version"],
      code: "out_of_range",
      message: "max_version is older than min_version",
      expected: "at least min_version, 1.3",
    });
  }
  return problems;
}
