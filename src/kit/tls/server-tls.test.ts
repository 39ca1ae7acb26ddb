import { getCiphers } from "node:tls";
import { describe, expect, test } from "vitest";
import { CIPHER_SUITES } from "./cipher-suites.ts";
import { checkServerTls, serverTls, serverTlsConfig } from "./server-tls.ts";

const parse = (section: object) => serverTlsConfig().parse(section);
const PAIR = { cert_file: "c.pem", key_file: "k.pem" };

describe("a server's tls section", () => {
  test("needs no more than certificate and key", () => {
    expect(serverTls(parse(PAIR))).toEqual({
      certFile: "c.pem",
      keyFile: "k.pem",
      minVersion: "TLSv1.2",
      reloadIntervalMs: 10_000,
      clientCaFileReload: true,
    });
  });

  test("becomes what the server is told, in full", () => {
    const config = parse({
      cert_pem: "CERT",
      key_pem: "KEY",
      client_ca_file: "ca.pem",
      min_version: "1.2",
      max_version: "1.3",
      cipher_suites: ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"],
      reload_interval: "1m",
      client_ca_file_reload: false,
    });
    expect(serverTls(config)).toEqual({
      certPem: "CERT",
      keyPem: "KEY",
      clientCaFile: "ca.pem",
      minVersion: "TLSv1.2",
      maxVersion: "TLSv1.3",
      cipherSuites: ["ECDHE-RSA-AES128-GCM-SHA256"],
      reloadIntervalMs: 60_000,
      clientCaFileReload: false,
    });
    expect(JSON.stringify(config)).not.toContain("KEY");
    expect(checkServerTls(config, [])).toEqual([]);
  });

  test("takes versions without quotes, as YAML reads them", () => {
    expect(parse({ ...PAIR, min_version: 1.3 }).min_version).toBe("TLSv1.3");
  });

  test.each([
    ["an old version", { min_version: "1.1" }],
    ["an unknown cipher suite", { cipher_suites: ["TLS_NONE"] }],
    ["an empty file name", { cert_file: "" }],
    ["an unknown option", { certfile: "c.pem" }],
  ])("refuses %s", (_name, section) => {
    expect(serverTlsConfig().safeParse({ ...PAIR, ...section }).success).toBe(false);
  });

  test.each([
    [
      "two certificates",
      { ...PAIR, cert_pem: "C" },
      ["exclusive_options tls.cert_pem both cert_file and cert_pem are given"],
    ],
    ["two keys", { ...PAIR, key_pem: "K" }, ["exclusive_options tls.key_pem both key_file and key_pem are given"]],
    ["no key", { cert_file: "c.pem" }, ["missing_option tls TLS needs the certificate's private key"]],
    [
      "nothing",
      {},
      ["missing_option tls TLS needs a certificate", "missing_option tls TLS needs the certificate's private key"],
    ],
    [
      "versions in the wrong order",
      { ...PAIR, min_version: "1.3", max_version: "1.2" },
      ["out_of_range tls.max_version max_version is older than min_version"],
    ],
  ])("with %s has a problem, at its place", (_name, section, problems) => {
    const found = checkServerTls(parse(section), ["tls"]);
    expect(found.map(({ code, path, message }) => `${code} ${path.join(".")} ${message}`)).toEqual(problems);
  });

  test("names only cipher suites that this Node has", () => {
    const known = new Set(getCiphers());
    expect(Object.values(CIPHER_SUITES).filter((name) => !known.has(name.toLowerCase()))).toEqual([]);
  });
});
