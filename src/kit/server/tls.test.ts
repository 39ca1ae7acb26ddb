import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request as httpsRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type PeerCertificate, connect as tlsConnect } from "node:tls";
import { Client, credentials } from "@grpc/grpc-js";
import { generate } from "selfsigned";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Log } from "../../component/log.ts";
import { ListenError, type ServerTls } from "../../component/server.ts";
import { NEVER } from "../../lib/abort.ts";
import { systemClock } from "../../lib/system-clock.ts";
import { createListen } from "./listen.ts";
import { DEFAULTS, OBSERVE, post, rawClient, settle, startServer, until } from "./test-kit.ts";

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "server-tls-"));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

const pair = (name: string) => generate([{ name: "commonName", value: name }], { algorithm: "sha256", keySize: 2048 });

interface Files {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

async function files(name = "server"): Promise<Files> {
  const path = await folder();
  const { cert, private: key } = await pair(name);
  const [certFile, keyFile] = [join(path, "cert.pem"), join(path, "key.pem")];
  await Promise.all([writeFile(certFile, cert), writeFile(keyFile, key)]);
  return { certFile, keyFile, cert, key };
}

const settings = (more: Partial<ServerTls>): ServerTls => ({ minVersion: "TLSv1.2", reloadIntervalMs: 0, ...more });

/** A request by Node's own client; `identity` is a client certificate. */
function https(
  port: number,
  identity: { cert?: string; key?: string } = {},
): Promise<{ text: string; subject: string }> {
  return new Promise((resolve, reject) => {
    const options = {
      port,
      host: "127.0.0.1",
      method: "POST",
      rejectUnauthorized: false,
      agent: false as const,
      ...identity,
    };
    const request = httpsRequest(options, (response) => {
      const certificate = (
        response.socket as unknown as { getPeerCertificate(): PeerCertificate }
      ).getPeerCertificate();
      let text = "";
      response.on("data", (chunk) => (text += chunk));
      response.on("end", () => resolve({ text, subject: String(certificate.subject?.CN) }));
    });
    request.on("error", reject);
    request.end("hello");
  });
}

function grpc(port: number, ca: string): Promise<string> {
  const secure = credentials.createSsl(Buffer.from(ca), null, null, { checkServerIdentity: () => undefined });
  const client = new Client(`127.0.0.1:${port}`, secure, { "grpc.ssl_target_name_override": "server" });
  onTestFinished(() => client.close());
  const identity = (bytes: Buffer) => bytes;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(OBSERVE, identity, identity, Buffer.alloc(3), (error, reply) =>
      error ? reject(error) : resolve(reply!.toString()),
    );
  });
}

describe("a server with TLS", () => {
  test("serves HTTP and gRPC on one port, with receipts", async () => {
    const { certFile, keyFile, cert } = await files();
    const { port, requests, opened } = await startServer({ options: { tls: settings({ certFile, keyFile }) } });
    expect((await https(port)).text).toBe("ok 5");
    expect(await grpc(port, cert)).toBe("ok 3");
    expect(opened.map((connection) => connection.peer.transport)).toEqual(["http", "grpc"]);
    await until("both are known", () => requests.every((request) => request.receipt.state !== "open"));
    expect(requests.map((request) => request.receipt.state)).toEqual(["read", "read"]);
  });

  test("takes certificate and key as texts too", async () => {
    const { cert, private: key } = await pair("texts");
    const { port } = await startServer({ options: { tls: settings({ certPem: cert, keyPem: key }) } });
    expect(await https(port)).toEqual({ text: "ok 5", subject: "texts" });
  });

  test("serves a client that names no protocol, and gives HTTP to one that can do both", async () => {
    const { certFile, keyFile } = await files();
    const { port } = await startServer({ options: { tls: settings({ certFile, keyFile }) } });
    for (const ALPNProtocols of [undefined, ["h2", "http/1.1"]]) {
      const socket = tlsConnect({
        port,
        host: "127.0.0.1",
        rejectUnauthorized: false,
        ...(ALPNProtocols && { ALPNProtocols }),
      });
      onTestFinished(() => void socket.destroy());
      let received = "";
      socket.on("data", (chunk) => (received += chunk));
      socket.write(post("abcd"));
      await until("it was answered", () => received.includes("ok 4"));
      expect(socket.alpnProtocol).toBe(ALPNProtocols ? "http/1.1" : false);
    }
  });

  test("has the deadlines of plain connections", async () => {
    const { certFile, keyFile } = await files();
    const { port, rejected } = await startServer({
      options: { tls: settings({ certFile, keyFile }) },
      limits: { headerTimeoutMs: 100 },
    });
    const socket = tlsConnect({ port, host: "127.0.0.1", rejectUnauthorized: false });
    onTestFinished(() => void socket.destroy());
    let received = "";
    socket.on("data", (chunk) => (received += chunk));
    socket.write(post("a"));
    await until("it was answered", () => received.includes("ok 1"));
    socket.write("POST / HT");
    await until("it was ended", () => received.includes("408"));
    const silent = await rawClient(port);
    silent.write(Uint8Array.of(0x16, 3));
    await until("the handshake was given up", () => silent.ending !== undefined);
    expect(rejected).toEqual(["header_timeout", "tls_handshake"]);
  });

  test("says what is wrong with plain HTTP", async () => {
    const { certFile, keyFile } = await files();
    const { port, details, rejected } = await startServer({ options: { tls: settings({ certFile, keyFile }) } });
    const client = await rawClient(port);
    client.write(post("a"));
    await until("it was closed", () => client.ending !== undefined);
    expect([rejected, details]).toEqual([["tls_handshake"], ["plain HTTP on a port that wants TLS"]]);
  });

  test("says why a handshake failed", async () => {
    const { certFile, keyFile } = await files();
    const { port, details } = await startServer({
      options: { tls: settings({ certFile, keyFile, minVersion: "TLSv1.3" }) },
    });
    const socket = tlsConnect({ port, host: "127.0.0.1", rejectUnauthorized: false, maxVersion: "TLSv1.2" });
    socket.on("error", () => {});
    await until("it was counted", () => details.length === 1);
    expect(details).toEqual(["unsupported protocol"]);
  });

  test("lets in only those whose certificate the client CA has signed, and names them", async () => {
    const { certFile, keyFile } = await files();
    const [mine, other] = [await pair("edge-1"), await pair("stranger")];
    const clientCaFile = join(await folder(), "ca.pem");
    await writeFile(clientCaFile, mine.cert);
    const { port, requests, rejected } = await startServer({
      options: { tls: settings({ certFile, keyFile, clientCaFile }) },
    });
    expect((await https(port, { cert: mine.cert, key: mine.private })).text).toBe("ok 5");
    expect(requests[0]!.connection.peer.certificateSubject).toBe("CN=edge-1");
    await expect(https(port)).rejects.toThrow();
    await expect(https(port, { cert: other.cert, key: other.private })).rejects.toThrow();
    await until("both were counted", () => rejected.length === 2);
    expect([requests.length, rejected]).toEqual([1, ["tls_handshake", "tls_handshake"]]);
  });

  test("keeps to its versions and cipher suites", async () => {
    const { certFile, keyFile } = await files();
    const tls = settings({ certFile, keyFile, maxVersion: "TLSv1.2", cipherSuites: ["ECDHE-RSA-AES256-GCM-SHA384"] });
    const { port } = await startServer({ options: { tls } });
    const socket = tlsConnect({ port, host: "127.0.0.1", rejectUnauthorized: false });
    onTestFinished(() => void socket.destroy());
    await new Promise((resolve) => socket.once("secureConnect", resolve));
    expect([socket.getProtocol(), socket.getCipher().name]).toEqual(["TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384"]);
  });
});

describe("certificate files", () => {
  const lines: string[] = [];
  const log: Log = {
    debug: () => {},
    info: (message) => void lines.push(`info ${message}`),
    warn: (message, fields) => void lines.push(`warn ${message}: ${fields?.["error"]}`),
    error: () => {},
    limited: () => log,
  };

  test("are taken anew when they change, kept when the change is bad, and that is told once", async () => {
    lines.length = 0;
    const { certFile, keyFile } = await files("first");
    const handler = { request: () => ({ status: 200 }) };
    const tls = settings({ certFile, keyFile, reloadIntervalMs: 10 });
    const server = await createListen({ clock: systemClock, log })({ ...DEFAULTS, tls }, handler, NEVER);
    onTestFinished(() => server.close(AbortSignal.abort()));
    expect((await https(server.port)).subject).toBe("first");

    const second = await pair("second");
    await writeFile(certFile, second.cert); // The key is still the old one.
    await until("it was told", () => lines.length === 1);
    await settle();
    expect((await https(server.port)).subject).toBe("first");
    await writeFile(keyFile, second.private);
    await until("it was told", () => lines.length === 2);
    expect((await https(server.port)).subject).toBe("second");
    await rm(certFile);
    await until("it was told", () => lines.length === 3);
    expect((await https(server.port)).subject).toBe("second");
    expect(lines).toEqual([
      `warn the TLS files have changed and are not usable: the old ones stay in use: key_file ${keyFile} does not belong to the certificate in cert_file ${certFile}`,
      "info new TLS certificates are in use",
      expect.stringMatching(/^warn .*: cert_file .*cert\.pem cannot be read: ENOENT/),
    ]);
  });

  test.each<[string, (given: Files) => Partial<ServerTls>, RegExp]>([
    [
      "missing",
      ({ keyFile }) => ({ certFile: "/nowhere/c.pem", keyFile }),
      /^cert_file \/nowhere\/c\.pem cannot be read: ENOENT/,
    ],
    [
      "no certificate",
      ({ keyFile }) => ({ certFile: keyFile, keyFile }),
      /^cert_file .*key\.pem holds no PEM certificate/,
    ],
    ["no key", ({ certFile }) => ({ certFile, keyFile: certFile }), /^key_file .*cert\.pem holds no private key/],
    ["absent", ({ certFile }) => ({ certFile }), /^tls needs key_file or key_pem/],
    [
      "no client CA",
      ({ certFile, keyFile }) => ({ certFile, keyFile, clientCaFile: keyFile }),
      /^client_ca_file .*key\.pem holds no PEM certificate/,
    ],
  ])("that are %s end the start with an error that names them", async (_name, wrong, message) => {
    const tls = settings(wrong(await files()));
    const listening = createListen({ clock: systemClock })(
      { ...DEFAULTS, tls },
      { request: () => ({ status: 200 }) },
      NEVER,
    );
    const error = await listening.catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ListenError);
    expect([(error as ListenError).code, (error as ListenError).message]).toEqual([
      "TLS",
      expect.stringMatching(message),
    ]);
  });
});
