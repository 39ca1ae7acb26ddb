import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Log } from "../../component/log.ts";
import type { ServerOptions, ServerTls } from "../../component/server.ts";
import type { Cancel, Clock } from "../../lib/clock.ts";
import { readTls, type TlsMaterial } from "../tls/tls-files.ts";

export interface TlsFront {
  /** Does the handshake on a fresh socket; ends in `secure`, or in `failed` with the socket destroyed. */
  secure(socket: Socket): void;
  close(): void;
}

export interface TlsFrontOptions {
  readonly tls: ServerTls;
  readonly protocols: ServerOptions["protocols"];
  readonly handshakeTimeoutMs: number;
  readonly clock: Clock;
  readonly log: Log | undefined;
  /** `protocol` is what both sides agreed on; undefined where the client did not say. */
  secure(socket: TLSSocket, protocol: "http" | "grpc" | undefined): void;
  failed(socket: TLSSocket, detail: string): void;
}

/**
 * HTTP/1.1 comes first: a client that can do both wants to send HTTP, and is served there; gRPC clients offer h2 alone.
 */
const ALPN = { http: "http/1.1", grpc: "h2" } as const;

/** TLS without a port of its own. Files are read now, and again every `reloadIntervalMs`; a bad change keeps the old ones. */
export async function createTlsFront(options: TlsFrontOptions): Promise<TlsFront> {
  const { tls, protocols } = options;
  const material = await readTls(tls);
  const wantsClientCertificate = tls.clientCaFile !== undefined;
  const server = process.getBuiltinModule("node:tls").createServer({
    ...material.options,
    ALPNProtocols: (["http", "grpc"] as const).filter((name) => protocols.includes(name)).map((name) => ALPN[name]),
    requestCert: wantsClientCertificate,
    rejectUnauthorized: wantsClientCertificate,
    handshakeTimeout: options.handshakeTimeoutMs,
    allowHalfOpen: true,
  });
  server.on("secureConnection", (socket) => {
    const agreed = socket.alpnProtocol;
    options.secure(socket, agreed === ALPN.grpc ? "grpc" : agreed === ALPN.http ? "http" : undefined);
  });
  server.on("tlsClientError", (error, socket) => {
    socket.destroy();
    options.failed(socket, handshakeProblem(error));
  });
  const stopWatching = watchFiles(material, options, (changed) => server.setSecureContext(changed.options));

  return {
    secure: (socket) => void server.emit("connection", socket),
    close: stopWatching,
  };
}

/** OpenSSL's errors in the words of somebody who has to find out what to change. */
function handshakeProblem(error: NodeJS.ErrnoException & { readonly reason?: string }): string {
  if (error.code === "ERR_SSL_HTTP_REQUEST") return "plain HTTP on a port that wants TLS";
  if (error.code === "ECONNRESET") return "the client went away during the handshake";
  const alert = / alert (.+)$/.exec(error.reason ?? "")?.[1];
  return alert === undefined ? (error.reason ?? error.message) : `the client refused the handshake: ${alert}`;
}

/** Looks at the files again and again until the returned function is called. */
function watchFiles(first: TlsMaterial, options: TlsFrontOptions, onChange: (changed: TlsMaterial) => void): Cancel {
  const { tls, clock, log } = options;
  if (tls.reloadIntervalMs <= 0) return () => {};
  let current = first;
  let failure: string | undefined;
  let told: string | undefined;
  let reading = false;
  let stopped = false;

  const look = async () => {
    if (reading) return;
    reading = true;
    try {
      const found = await readTls(tls, current);
      failure = told = undefined;
      if (stopped || found.fingerprint === current.fingerprint) return;
      onChange(found);
      current = found;
      log?.info("new TLS certificates are in use");
    } catch (error) {
      const { message } = error as Error;
      // Only what is still so at the second look: the first may have come while a file was being written.
      if (!stopped && message === failure && message !== told) {
        told = message;
        log?.warn("the TLS files have changed and are not usable: the old ones stay in use", { error: message });
      }
      failure = message;
    } finally {
      reading = false;
    }
  };
  const cancel = clock.every(tls.reloadIntervalMs, look);
  return () => {
    stopped = true;
    cancel();
  };
}
