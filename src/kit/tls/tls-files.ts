import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import type { SecureContextOptions } from "node:tls";
import { ListenError, type ServerTls } from "../../component/server.ts";
import { readTextFile } from "../../lib/system-files.ts";

/** What a TLS server is made from, with the texts it came from to tell whether a file has changed. */
export interface TlsMaterial {
  readonly options: SecureContextOptions;
  readonly fingerprint: string;
}

/**
 * Reads certificate, key and client CAs, and checks that they belong together; otherwise a `ListenError` of code `TLS`
 * names the field and the file. With `previous`, the client CAs are taken from there where they are not to be reloaded.
 */
export async function readTls(tls: ServerTls, previous?: TlsMaterial): Promise<TlsMaterial> {
  const [cert, key, ca] = await Promise.all([
    source("cert", tls.certFile, tls.certPem),
    source("key", tls.keyFile, tls.keyPem),
    tls.clientCaFile === undefined || (previous && tls.clientCaFileReload === false)
      ? undefined
      : source("client_ca", tls.clientCaFile, undefined),
  ]);
  const [certificate] = certificates(cert);
  const privateKey = keyOf(key);
  if (!certificate!.checkPrivateKey(privateKey)) {
    throw new ListenError("TLS", `${key.name} does not belong to the certificate in ${cert.name}`);
  }
  if (ca) certificates(ca);
  const clientCa = ca?.text ?? previous?.options.ca;
  return {
    options: {
      cert: cert.text,
      key: key.text,
      minVersion: tls.minVersion,
      ...(tls.maxVersion && { maxVersion: tls.maxVersion }),
      ...(clientCa !== undefined && { ca: clientCa }),
      ...(tls.cipherSuites && { ciphers: [...TLS13_SUITES, ...tls.cipherSuites].join(":") }),
    },
    fingerprint: JSON.stringify([cert.text, key.text, clientCa]),
  };
}

/** Not for users to choose, as in the Collector; the configured suites are those of TLS 1.2. */
const TLS13_SUITES = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"];

interface Source {
  /** The field, with the file where there is one. */
  readonly name: string;
  readonly text: string;
}

async function source(field: string, file: string | undefined, pem: string | undefined): Promise<Source> {
  if (file === undefined) {
    if (pem === undefined) throw new ListenError("TLS", `tls needs ${field}_file or ${field}_pem`);
    return { name: `${field}_pem`, text: pem };
  }
  const name = `${field}_file ${file}`;
  try {
    return { name, text: await readTextFile(file) };
  } catch (error) {
    throw new ListenError("TLS", `${name} cannot be read: ${(error as Error).message}`, error);
  }
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function certificates({ name, text }: Source): X509Certificate[] {
  const blocks = text.match(PEM_CERTIFICATE);
  if (!blocks) throw new ListenError("TLS", `${name} holds no PEM certificate`);
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (error) {
    throw new ListenError("TLS", `${name} holds a certificate that cannot be read: ${(error as Error).message}`, error);
  }
}

function keyOf({ name, text }: Source): KeyObject {
  try {
    return createPrivateKey(text);
  } catch (error) {
    throw new ListenError("TLS", `${name} holds no private key that can be read: ${(error as Error).message}`, error);
  }
}
