import * as z from "zod";
import type { ConfigProblem } from "../../component/define.ts";
import type { ClientTls } from "../../component/transport.ts";
import { duration, secret } from "../fields.ts";
import { CIPHER_SUITE_NAMES, CIPHER_SUITES } from "../tls/cipher-suites.ts";
import { tlsVersion } from "../tls/tls-version.ts";

/** The `tls` section of everything that sends, with the Collector's names for clients (its configtls). */
export function clientTlsConfig() {
  return z.strictObject({
    insecure: z.boolean().default(false).describe("Sends in plain text."),
    insecure_skip_verify: z.boolean().default(false).describe("Takes every certificate: for tests only."),
    server_name_override: z.string().min(1).optional().describe("The name that the server's certificate has to have."),
    ca_file: z.string().min(1).optional().describe("CAs that the server's certificate may be signed by, a PEM file."),
    ca_pem: z.string().min(1).optional().describe("The same as text."),
    include_system_ca_certs_pool: z.boolean().default(false).describe("Whether the system's CAs count beside those."),
    cert_file: z.string().min(1).optional().describe("The client's certificate for mutual TLS, a PEM file."),
    cert_pem: z.string().min(1).optional().describe("The same as text."),
    key_file: z.string().min(1).optional().describe("That certificate's private key, a PEM file."),
    key_pem: secret().optional().describe("The same as text."),
    min_version: tlsVersion().prefault("1.2").describe("The oldest TLS version that is spoken."),
    max_version: tlsVersion().optional().describe("The newest TLS version that is spoken."),
    cipher_suites: z
      .array(z.enum(CIPHER_SUITE_NAMES))
      .min(1)
      .optional()
      .describe("The cipher suites of TLS 1.2, best first."),
    reload_interval: duration(10_000).describe("How often the files are looked at for changes; 0 never."),
  });
}

export type ClientTlsConfig = z.output<ReturnType<typeof clientTlsConfig>>;

/** `undefined` where it is to be plain text. */
export function clientTls(config: ClientTlsConfig): ClientTls | undefined {
  if (config.insecure) return undefined;
  return {
    ...(config.ca_file !== undefined && { caFile: config.ca_file }),
    ...(config.ca_pem !== undefined && { caPem: config.ca_pem }),
    includeSystemCas: config.include_system_ca_certs_pool,
    ...(config.cert_file !== undefined && { certFile: config.cert_file }),
    ...(config.cert_pem !== undefined && { certPem: config.cert_pem }),
    ...(config.key_file !== undefined && { keyFile: config.key_file }),
    ...(config.key_pem !== undefined && { keyPem: config.key_pem.reveal() }),
    insecureSkipVerify: config.insecure_skip_verify,
    ...(config.server_name_override !== undefined && { serverName: config.server_name_override }),
    minVersion: config.min_version,
    ...(config.max_version !== undefined && { maxVersion: config.max_version }),
    ...(config.cipher_suites && { cipherSuites: config.cipher_suites.map((name) => CIPHER_SUITES[name]) }),
    reloadIntervalMs: config.reload_interval,
  };
}

/** The checks between the fields; `path` leads to the section. */
export function checkClientTls(config: ClientTlsConfig, path: readonly string[]): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const problem = (code: string, field: string, message: string, expected: string) =>
    problems.push({ severity: "error", code, path: field === "" ? path : [...path, field], message, expected });
  for (const [file, pem] of [
    ["ca_file", "ca_pem"],
    ["cert_file", "cert_pem"],
    ["key_file", "key_pem"],
  ] as const) {
    if (config[file] !== undefined && config[pem] !== undefined) {
      problem("exclusive_options", pem, `${file} and ${pem} say the same thing`, "one of both");
    }
  }
  const hasCert = (config.cert_file ?? config.cert_pem) !== undefined;
  const hasKey = (config.key_file ?? config.key_pem) !== undefined;
  if (hasCert !== hasKey) {
    problem(
      "missing_option",
      "",
      "a client's certificate needs its key",
      hasCert ? "key_file or key_pem" : "cert_file or cert_pem",
    );
  }
  if (config.max_version !== undefined && config.max_version < config.min_version) {
    problem("out_of_range", "max_version", "older than min_version", `at least ${config.min_version}`);
  }
  return problems;
}
