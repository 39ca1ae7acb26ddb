import { connect, type Socket } from "node:net";

/** Who a client is to the proxy. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Bytes as GOST names them: `input` came from the client, `output` went to it. */
export interface Bytes {
  readonly input: number;
  readonly output: number;
}

/** One client connection through GOST, whose bytes are known exactly. */
export interface Tunnel {
  /** Moves bytes to the origin and back; resolves when the last one has arrived. */
  exchange(upload: number, download: number): Promise<void>;
  /** Closes the connection and resolves when both directions are closed. */
  close(): Promise<void>;
  /** The bytes on the client's own socket. */
  wire(): Bytes;
  /** The bytes that GOST's handler counts: what it relays, and its own reply (each protocol's rule is beside its opener). */
  handled(): Bytes;
}

export type Open = (port: number, target: number, as: Credentials) => Promise<Tunnel>;

/** `CONNECT` through an HTTP proxy. The handler counts the payload, and its reply head as output. */
export const openConnect: Open = async (port, target, as) => {
  const wire = await openWire(port);
  await wire.write(
    `CONNECT 127.0.0.1:${target} HTTP/1.1\r\nHost: 127.0.0.1:${target}\r\nProxy-Authorization: ${basic(as)}\r\n\r\n`,
  );
  const head = await wire.readHead();
  if (!head.startsWith("HTTP/1.1 200 ")) throw new Error(`CONNECT was answered with ${head}`);
  return tunnel(wire, { input: 0, output: Buffer.byteLength(head) });
};

/** SOCKS5 with a password. The handler counts the payload, and the last 10 bytes of the handshake as output. */
export const openSocks5: Open = async (port, target, as) => {
  const wire = await openWire(port);
  await wire.write(Buffer.from([5, 1, 2]));
  await wire.read(2);
  await wire.write(Buffer.concat([Buffer.from([1]), short(as.user), short(as.password)]));
  const [, refused] = await wire.read(2);
  if (refused !== 0) throw new Error("socks5 refused the password");
  await wire.write(Buffer.concat([Buffer.from([5, 1, 0]), address(target)]));
  const reply = await wire.read(10);
  if (reply[1] !== 0) throw new Error(`socks5 could not connect: ${reply[1]}`);
  return tunnel(wire, { input: 0, output: 10 });
};

/** GOST's own relay protocol. Its reply of 4 bytes comes with the first payload, and the handler counts it as output. */
export const openRelay: Open = async (port, target, as) => {
  const wire = await openWire(port);
  const features = Buffer.concat([
    feature(1, Buffer.concat([short(as.user), short(as.password)])),
    feature(2, address(target)),
  ]);
  await wire.write(Buffer.concat([Buffer.from([1, 1]), uint16(features.length), features]));
  const relayed = tunnel(wire, { input: 0, output: 4 });
  let replied = false;
  const readReply = async () => {
    replied = true;
    const reply = await wire.read(4);
    if (reply[1] !== 0) throw new Error(`relay could not connect: ${reply[1]}`);
  };
  return {
    ...relayed,
    async exchange(upload, download) {
      // Together: a GOST that is killed breaks the write and the read, and a rejection nobody waits for ends the run.
      await Promise.all([relayed.send(upload, download), replied ? undefined : readReply()]);
      await wire.read(download);
    },
  };
};

/** A plain TCP port that GOST forwards. Its handler keeps no counters. */
export const openForward: Open = async (port) => tunnel(await openWire(port), { input: 0, output: 0 });

/**
 * Requests through an HTTP proxy, without CONNECT; the target speaks HTTP. The handler counts all that it answers, and no
 * input for the first request of a connection: one request a connection is what this client makes.
 */
export async function proxiedRequest(
  port: number,
  target: number,
  as: Credentials,
  { upload, download }: { upload: number; download: number },
): Promise<Tunnel> {
  const wire = await openWire(port);
  await wire.write(
    `POST http://127.0.0.1:${target}/${download} HTTP/1.1\r\nHost: 127.0.0.1:${target}\r\n` +
      `Proxy-Authorization: ${basic(as)}\r\nContent-Length: ${upload}\r\n\r\n`,
  );
  await wire.write(Buffer.alloc(upload, "u"));
  const head = await wire.readHead();
  if (!head.startsWith("HTTP/1.1 200 ")) throw new Error(`the proxied request was answered with ${head}`);
  await wire.read(download);
  return { ...tunnel(wire, { input: 0, output: 0 }), handled: () => ({ input: 0, output: wire.bytes().output }) };
}

/** Tries to log in to an HTTP proxy and is refused: bytes and an error at service level, nothing at handler level. */
export async function refusedConnect(port: number, target: number, as: Credentials): Promise<Tunnel> {
  const wire = await openWire(port);
  await wire.write(`CONNECT 127.0.0.1:${target} HTTP/1.1\r\nProxy-Authorization: ${basic(as)}\r\n\r\n`);
  const head = await wire.readHead();
  if (!head.startsWith("HTTP/1.1 407 ")) throw new Error(`a wrong password was answered with ${head}`);
  return tunnel(wire, { input: 0, output: 0 });
}

interface SendingTunnel extends Tunnel {
  send(upload: number, download: number): Promise<void>;
}

function tunnel(wire: Wire, counted: Bytes): SendingTunnel {
  let { input, output } = counted;
  const send = (upload: number, download: number) => {
    const line = `${upload} ${download}\n`;
    input += line.length + upload;
    output += download;
    return wire.write(line + "u".repeat(upload));
  };
  return {
    send,
    async exchange(upload, download) {
      await send(upload, download);
      await wire.read(download);
    },
    close: wire.close,
    wire: wire.bytes,
    handled: () => ({ input, output }),
  };
}

/** A socket that counts, and that is read by number of bytes. */
interface Wire {
  write(data: string | Buffer): Promise<void>;
  read(count: number): Promise<Buffer>;
  /** The head of an HTTP message, with its empty line. */
  readHead(): Promise<string>;
  close(): Promise<void>;
  bytes(): Bytes;
}

async function openWire(port: number): Promise<Wire> {
  const socket = await opened(port);
  let buffered = Buffer.alloc(0);
  let failure: Error | undefined;
  let waiting: (() => void) | undefined;
  const wake = () => {
    waiting?.();
    waiting = undefined;
  };
  socket.on("data", (chunk) => {
    buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk]);
    wake();
  });
  const fail = (error: Error) => {
    failure ??= error;
    wake();
  };
  socket.on("error", fail);
  socket.on("end", () => fail(new Error("GOST closed the connection")));
  const closed = new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
  });
  const take = async (length: () => number): Promise<Buffer> => {
    for (let count = length(); ; count = length()) {
      if (count >= 0 && buffered.length >= count) {
        const taken = buffered.subarray(0, count);
        buffered = buffered.subarray(count);
        return taken;
      }
      if (failure !== undefined) throw failure;
      await new Promise<void>((resolve) => {
        waiting = resolve;
      });
    }
  };
  return {
    write: (data) =>
      new Promise((resolve, reject) => {
        socket.write(data, (error) => (error ? reject(error) : resolve()));
      }),
    read: (count) => take(() => count),
    async readHead() {
      const end = "\r\n\r\n";
      return (await take(() => (buffered.includes(end) ? buffered.indexOf(end) + end.length : -1))).toString("latin1");
    },
    async close() {
      socket.end();
      await closed;
    },
    bytes: () => ({ input: socket.bytesWritten, output: socket.bytesRead }),
  };
}

function opened(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    socket.setNoDelay();
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
}

const basic = ({ user, password }: Credentials) => `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
const uint16 = (value: number) => Buffer.from([value >> 8, value & 0xff]);
const short = (text: string) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
const address = (port: number) => Buffer.concat([Buffer.from([1, 127, 0, 0, 1]), uint16(port)]);
const feature = (type: number, data: Buffer) => Buffer.concat([Buffer.from([type]), uint16(data.length), data]);
