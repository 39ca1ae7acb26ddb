import { setTimeout as sleep } from "node:timers/promises";
import type { TlsOptions } from "node:tls";
import { generate } from "selfsigned";
import { answerCall, type Fault, type FaultyBackend, framed, readAll } from "./faulty-backend.ts";

/** What goes wrong with backends, by the words that docs/sending-faults.md has for it. */

/** How a row's fault comes about, and how it ends. */
export interface Scene extends Fault {
  readonly config?: object;
  /** What the backend's TLS is. */
  readonly tls?: (pairs: TlsPairs) => TlsOptions;
  /** A request goes through before. */
  readonly warm?: boolean;
  readonly begin?: (backend: FaultyBackend) => Promise<void>;
  /** By default the fault is taken away. */
  readonly end?: (backend: FaultyBackend) => Promise<void>;
  /** The exporter has to be told something else, so nothing is delivered before a restart. */
  readonly endless?: boolean;
}

/** Which token the exporter sends. */
export const SECRET = "a-token-that-nobody-shall-read";

const partialSuccess = Buffer.concat([Buffer.from([10, 13, 8, 2, 18, 9]), Buffer.from("too old: ")]);
const warning = Buffer.concat([Buffer.from([10, 9, 18, 7]), Buffer.from("use TLS")]);
const PAGE = "<html><body>Welcome</body></html>";
const PROTO = { "content-type": "application/x-protobuf" };

async function killed(backend: FaultyBackend): Promise<void> {
  await backend.kill();
  await sleep(50); // The other side hears of it before it sends again.
}

const renewCertificate = async (backend: FaultyBackend) => backend.setTls((await tlsPairs()).trusted);

const answering =
  (status: number, body: string | Buffer = "", headers: Record<string, string> = {}): NonNullable<Fault["http"]> =>
  (request, response) =>
    readAll(request, () => response.writeHead(status, headers).end(body));

const answeringCalls =
  (status: number, options?: Parameters<typeof answerCall>[2]): NonNullable<Fault["grpc"]> =>
  (stream) =>
    readAll(stream, () => answerCall(stream, status, options));

/** What happens to streams of any kind. */
export const STREAM_FAULTS: Readonly<Record<string, Scene>> = {
  "is not there": { begin: (backend) => backend.kill(), end: (backend) => backend.start() },
  "is killed between two requests": { warm: true, begin: killed, end: (backend) => backend.start() },
  "is restarted between two requests": {
    warm: true,
    begin: async (backend) => {
      await killed(backend);
      await backend.start();
    },
  },
};

/** What has nothing to do with the protocol on top. */
const CONNECTIONS: Readonly<Record<string, Scene>> = {
  ...STREAM_FAULTS,
  "has a name that is not known": { config: { endpoint: "http://gostcol.invalid:4317" }, endless: true },
  "takes connections and says nothing": { socket: () => {} },
  "speaks another protocol": { socket: (socket) => void socket.once("data", () => socket.end("SSH-2.0-sshd\r\n")) },
  "has a certificate that has expired": {
    tls: ({ expired }) => expired,
    end: renewCertificate,
  },
  "has a certificate of another CA": {
    tls: ({ stranger }) => stranger,
    end: renewCertificate,
  },
  "has a certificate for another name": {
    tls: ({ elsewhere }) => elsewhere,
    end: renewCertificate,
  },
  "wants a client certificate": {
    tls: ({ trusted }) => ({ ...trusted, requestCert: true, rejectUnauthorized: true }),
    endless: true,
  },
  "speaks no TLS": { config: { endpoint: "https://HOST" }, endless: true },
};

export const GRPC_FAULTS: Readonly<Record<string, Scene>> = {
  ...CONNECTIONS,
  "hangs in the middle of its work": { warm: true, grpc: () => {} },
  "is slow": { grpc: (stream) => void setTimeout(() => answerCall(stream, 0), 200) },
  "cuts the connection in the middle of a call": { grpc: (stream) => stream.session!.destroy() },
  "cuts the connection in the middle of an answer": {
    grpc: (stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" });
      stream.write(Buffer.from([0, 0]), () => setTimeout(() => stream.session!.destroy(), 20));
    },
  },
  "sends GOAWAY and answers": {
    warm: true,
    grpc: (stream) => {
      stream.session!.goaway(0);
      answeringCalls(0)(stream);
    },
  },
  "sends GOAWAY and refuses the call": {
    warm: true,
    grpc: (stream) => {
      stream.session!.goaway(0, 0);
      stream.close(7);
    },
  },
  "resets the call": { grpc: (stream) => stream.close(2) },
  "answers UNAVAILABLE": { grpc: answeringCalls(14, { message: "out to lunch" }) },
  "answers RESOURCE_EXHAUSTED and says when": {
    grpc: answeringCalls(8, { message: "slow down", details: retryInfo(3) }),
  },
  "answers RESOURCE_EXHAUSTED": { grpc: answeringCalls(8, { message: "slow down" }) },
  "answers INVALID_ARGUMENT": { grpc: answeringCalls(3, { message: "a bad point" }) },
  "answers UNAUTHENTICATED": { grpc: answeringCalls(16, { message: `no such token: Bearer ${SECRET}` }) },
  "answers with a partial success": { grpc: answeringCalls(0, { body: framed(partialSuccess) }) },
  "answers with a warning": { grpc: answeringCalls(0, { body: framed(warning) }) },
  "answers OK with what is no protobuf": { grpc: answeringCalls(0, { body: framed(Buffer.from("\xff\xff\xff")) }) },
  "answers OK without a message": { grpc: answeringCalls(0, { body: Buffer.alloc(0) }) },
  "answers OK with 200 kB": { grpc: answeringCalls(0, { body: framed(Buffer.alloc(200_000)) }) },
  "is an HTTP/1 server": {
    socket: (socket) => void socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")),
  },
  "is an HTTP/2 server with web pages": {
    grpc: (stream) => {
      stream.respond({ ":status": 200, "content-type": "text/html" });
      stream.end(PAGE);
    },
  },
  "has no such method": {
    grpc: (stream) => {
      stream.respond({ ":status": 404 });
      stream.end(PAGE);
    },
  },
};

export const HTTP_FAULTS: Readonly<Record<string, Scene>> = {
  ...CONNECTIONS,
  "hangs in the middle of its work": { warm: true, http: () => {} },
  "is slow": { http: (request, response) => void setTimeout(() => answering(200)(request, response), 200) },
  "cuts the connection in the middle of a request": { http: (request) => request.socket.destroy() },
  "cuts the connection in the middle of an answer": {
    http: (request, response) => {
      response.writeHead(200, { ...PROTO, "content-length": "100" }).write("half", () => request.socket.destroy());
    },
  },
  "answers 429 and says when": { http: answering(429, "slow down", { "retry-after": "3" }) },
  "answers 503": { http: answering(503, "out to lunch") },
  "answers 400": { http: answering(400, Buffer.from("\x08\x03\x12\x0ba bad point"), PROTO) },
  "answers 400 with 200 kB": { http: answering(400, `a bad point${"\n".repeat(200_000)}`) },
  "answers 401": { http: answering(401, `no such token: Bearer ${SECRET}`) },
  "answers 403 before it has read everything": {
    http: (request, response) => {
      response.writeHead(403, { connection: "close" }).end("not you");
      request.socket.end();
    },
  },
  "answers 301": { http: answering(301, PAGE, { location: "https://elsewhere.test/v1/metrics" }) },
  "answers with a partial success": { http: answering(200, partialSuccess, PROTO) },
  "answers with a warning": { http: answering(200, warning, PROTO) },
  "answers 200 with what is no protobuf": { http: answering(200, Buffer.from("\xff\xff\xff"), PROTO) },
  "answers 200 with what is no JSON": { http: answering(200, "{", { "content-type": "application/json" }) },
  "answers 200 with 200 kB": { http: answering(200, Buffer.alloc(200_000), PROTO) },
  "answers 200 in plain text": { http: answering(200, "thank you", { "content-type": "text/plain" }) },
  "answers 200 with a web page": { http: answering(200, PAGE, { "content-type": "text/html; charset=utf-8" }) },
};

export const REMOTE_WRITE_FAULTS: Readonly<Record<string, Scene>> = {
  "answers 500": { http: answering(500, "disk full") },
  "answers 400": { http: answering(400, "out of order sample") },
  "answers 200 with a web page": HTTP_FAULTS["answers 200 with a web page"]!,
  "answers 200 to version 2.0 without saying what it wrote": {
    config: { protobuf_message: "io.prometheus.write.v2.Request" },
    http: answering(200),
  },
};

/** `google.rpc.Status` with a `RetryInfo` of so many seconds. */
function retryInfo(seconds: number): Buffer {
  const duration = Buffer.from([8, seconds]);
  const info = Buffer.concat([Buffer.from([10, duration.length]), duration]);
  const type = Buffer.from("type.googleapis.com/google.rpc.RetryInfo");
  const any = Buffer.concat([Buffer.from([10, type.length]), type, Buffer.from([18, info.length]), info]);
  return Buffer.concat([Buffer.from([8, 8, 26, any.length]), any]);
}

/** Certificates with their keys. The exporter trusts all of them but `stranger`. */
export type TlsPairs = Readonly<Record<"trusted" | "expired" | "stranger" | "elsewhere", TlsPair>>;

interface TlsPair {
  readonly cert: string;
  readonly key: string;
  readonly ALPNProtocols: string[];
}

let made: Promise<TlsPairs> | undefined;

export function tlsPairs(): Promise<TlsPairs> {
  made ??= (async () => ({
    trusted: await pairOf("localhost"),
    expired: await pairOf("localhost", { notBeforeDate: new Date("2020-01-01"), notAfterDate: new Date("2021-01-01") }),
    stranger: await pairOf("localhost"),
    elsewhere: await pairOf("elsewhere.test"),
  }))();
  return made;
}

async function pairOf(name: string, dates: { notBeforeDate?: Date; notAfterDate?: Date } = {}): Promise<TlsPair> {
  const { cert, private: key } = await generate([{ name: "commonName", value: name }], {
    algorithm: "sha256",
    keyType: "ec",
    extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: name }] }],
    ...dates,
  });
  return { cert, key, ALPNProtocols: ["h2", "http/1.1"] };
}
