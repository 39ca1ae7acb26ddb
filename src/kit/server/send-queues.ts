import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { endianness } from "node:os";
import type { Clock } from "../../lib/clock.ts";

/**
 * What the kernel knows of a connection's last bytes: the peer's kernel has them all; it does not (yet); or there is no such
 * connection any more, which is so after a reset, even where we were told of an end only.
 */
export type Delivery = "acknowledged" | "under_way" | "no_connection";

/** Tells of a socket whose peer has just ended its side what became of what was written to it. */
export interface SendQueues {
  /**
   * Undefined where the system does not tell, or was asked too often. Of ends right behind an answer, nearly all of which are
   * readers', there can be many; so what is asked of these leaves the others their share.
   */
  deliveryOf(socket: Socket, end: "prompt" | "late"): Delivery | undefined;
}

/** By the family that a socket's addresses have in Node. */
const TABLES = { IPv4: "/proc/self/net/tcp", IPv6: "/proc/self/net/tcp6" } as const;
type Family = keyof typeof TABLES;

/**
 * Reading a table takes the kernel some milliseconds, and longer beside a busy proxy, for all sockets of the machine are in
 * it. So readings may take such a share of the time. What was not used is there when an outage ends and many ends come at
 * once, up to a limit.
 */
const SHARES = { prompt: 0.025, late: 0.05 } as const;
const UNUSED_MS_MAX = 250;

/** What follows the addresses: `state tx_queue:rx_queue`. */
const SEND_QUEUE = /^[0-9A-F]{2} ([0-9A-F]{8}):/;
const SEND_QUEUE_LENGTH = "0A 00000000:".length;
/** Our own end counts as a byte, and over TLS it is a message. No answer is that short. */
const OWN_END_BYTES_MAX = 64;

/**
 * Linux tells in its tables of TCP sockets how much each has sent without an acknowledgement (proc_pid_net(5), `tx_queue`).
 * What ends of several connections in one turn of the event loop asks needs one reading.
 */
export class LinuxSendQueues implements SendQueues {
  readonly #clock: Clock;
  readonly #read: (path: string) => string;
  readonly #tables = new Map<Family, string>();
  readonly #allowances = { prompt: new Allowance(SHARES.prompt), late: new Allowance(SHARES.late) };
  #isThere = true;

  constructor(clock: Clock, read = (path: string) => readFileSync(path, "latin1")) {
    this.#clock = clock;
    this.#read = read;
  }

  deliveryOf(socket: Socket, end: "prompt" | "late"): Delivery | undefined {
    const { localAddress, localPort, remoteAddress, remotePort } = socket;
    if (localAddress === undefined || localPort === undefined) return undefined;
    if (remoteAddress === undefined || remotePort === undefined) return undefined;
    const table = this.#table(localAddress.includes(":") ? "IPv6" : "IPv4", this.#allowances[end]);
    if (table === undefined) return undefined;
    const addresses = ` ${inTable(localAddress, localPort)} ${inTable(remoteAddress, remotePort)} `;
    const at = table.indexOf(addresses);
    if (at === -1) return "no_connection";
    const found = SEND_QUEUE.exec(table.slice(at + addresses.length, at + addresses.length + SEND_QUEUE_LENGTH));
    if (found === null) return undefined;
    return Number.parseInt(found[1]!, 16) <= OWN_END_BYTES_MAX ? "acknowledged" : "under_way";
  }

  #table(family: Family, allowance: Allowance): string | undefined {
    const known = this.#tables.get(family);
    if (known !== undefined) return known;
    const began = this.#clock.monotonic();
    if (!this.#isThere || !allowance.isLeft(began)) return undefined;
    let table: string;
    try {
      table = this.#read(TABLES[family]);
    } catch {
      this.#isThere = false; // Another system, or one that does not let us.
      return undefined;
    }
    allowance.use(this.#clock.monotonic() - began);
    this.#tables.set(family, table);
    setImmediate(() => this.#tables.clear());
    return table;
  }
}

/** A share of the time that may be used, milliseconds. */
class Allowance {
  readonly #share: number;
  #leftMs = UNUSED_MS_MAX;
  #since = 0;

  constructor(share: number) {
    this.#share = share;
  }

  isLeft(now: number): boolean {
    this.#leftMs = Math.min(UNUSED_MS_MAX, this.#leftMs + (now - this.#since) * this.#share);
    this.#since = now;
    return this.#leftMs > 0;
  }

  use(ms: number): void {
    this.#leftMs -= ms;
  }
}

/** As the tables write an address: 32-bit words in the machine's order of bytes, in hexadecimal, and the port. */
function inTable(address: string, port: number): string {
  const bytes = address.includes(":") ? bytesOfIpv6(address) : bytesOfIpv4(address);
  if (endianness() === "LE") bytes.swap32();
  const hexadecimal = port.toString(16).padStart(4, "0");
  return `${bytes.toString("hex")}:${hexadecimal}`.toUpperCase();
}

const bytesOfIpv4 = (address: string) => Buffer.from(address.split(".").map(Number));

function bytesOfIpv6(address: string): Buffer {
  const [withoutZone] = address.split("%") as [string];
  const ipv4 = /\d+\.\d+\.\d+\.\d+$/.exec(withoutZone)?.[0];
  const end = ipv4 === undefined ? Buffer.alloc(0) : bytesOfIpv4(ipv4);
  const words = ipv4 === undefined ? withoutZone : withoutZone.slice(0, -ipv4.length);
  const [head = "", tail = ""] = words.split("::");
  const before = bytesOfWords(head);
  const after = Buffer.concat([bytesOfWords(tail), end]);
  return Buffer.concat([before, Buffer.alloc(16 - before.length - after.length), after]);
}

const bytesOfWords = (words: string) =>
  Buffer.from(
    words
      .split(":")
      .filter((word) => word !== "")
      .map((word) => word.padStart(4, "0"))
      .join(""),
    "hex",
  );
