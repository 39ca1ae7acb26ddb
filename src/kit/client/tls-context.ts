import { type ConnectionOptions, rootCertificates } from "node:tls";
import type { ClientTls } from "../../component/transport.ts";
import { TransportError } from "../../component/transport.ts";
import type { Clock } from "../../lib/clock.ts";
import { readTextFile } from "../../lib/system-files.ts";

/** What a connection is secured with, read again when a file has changed. */
export class TlsContext {
  readonly #tls: ClientTls;
  readonly #clock: Clock;
  #options: ConnectionOptions | undefined;
  #fingerprint = "";
  #generation = 0;
  #readAtMs = 0;

  constructor(tls: ClientTls, clock: Clock) {
    this.#tls = tls;
    this.#clock = clock;
  }

  /**
   * The present options, and a number that changes when they do. Rejects with a `TransportError` of code `TLS` where a
   * file cannot be read for the first time; later the last good ones are kept.
   */
  async current(signal: AbortSignal): Promise<{ readonly options: ConnectionOptions; readonly generation: number }> {
    const { reloadIntervalMs } = this.#tls;
    const isDue = reloadIntervalMs > 0 && this.#clock.monotonic() - this.#readAtMs >= reloadIntervalMs;
    if (this.#options === undefined || isDue) await this.#read(signal);
    return { options: this.#options!, generation: this.#generation };
  }

  async #read(signal: AbortSignal): Promise<void> {
    const tls = this.#tls;
    this.#readAtMs = this.#clock.monotonic();
    try {
      const [ca, cert, key] = await Promise.all([
        text(tls.caFile, tls.caPem, signal),
        text(tls.certFile, tls.certPem, signal),
        text(tls.keyFile, tls.keyPem, signal),
      ]);
      const fingerprint = JSON.stringify([ca, cert, key]);
      if (fingerprint === this.#fingerprint) return;
      this.#fingerprint = fingerprint;
      this.#generation++;
      this.#options = {
        ...(ca !== undefined && { ca: tls.includeSystemCas ? [...rootCertificates, ca] : [ca] }),
        ...(cert !== undefined && { cert }),
        ...(key !== undefined && { key }),
        rejectUnauthorized: !tls.insecureSkipVerify,
        ...(tls.serverName !== undefined && { servername: tls.serverName }),
        minVersion: tls.minVersion,
        ...(tls.maxVersion !== undefined && { maxVersion: tls.maxVersion }),
        ...(tls.cipherSuites !== undefined && { ciphers: tls.cipherSuites.join(":") }),
      };
    } catch (error) {
      signal.throwIfAborted();
      if (this.#options === undefined) {
        throw new TransportError("TLS", `a file of tls cannot be read: ${(error as Error).message}`, error);
      }
    }
  }
}

async function text(
  file: string | undefined,
  pem: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  return file === undefined ? pem : readTextFile(file, signal);
}
