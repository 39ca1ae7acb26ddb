import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generate } from "selfsigned";
import { temporaryFolder } from "./temporary-folder.ts";

/** A certificate for `localhost` and 127.0.0.1 that is its own CA, in files. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
}

export async function makeCertificate(): Promise<Certificate> {
  const folder = await temporaryFolder("certificate");
  const made = await generate([{ name: "commonName", value: "localhost" }], {
    algorithm: "sha256",
    keySize: 2048,
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", digitalSignature: true, keyCertSign: true, critical: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: "localhost" },
          { type: 7, ip: "127.0.0.1" },
        ],
      },
    ],
  });
  const certFile = join(folder, "cert.pem");
  const keyFile = join(folder, "key.pem");
  await writeFile(certFile, made.cert);
  await writeFile(keyFile, made.private);
  return { certFile, keyFile };
}
