import { createSocket, type Socket as DatagramSocket } from "node:dgram";
import { connect, isIPv6, type Socket } from "node:net";
import { type MessageSocket, type MessageSocketOptions, TransportError } from "../../component/transport.ts";
import { orAborted } from "../../lib/abort.ts";
import { transportError } from "./transport-failure.ts";

/** Sends messages to one address: a datagram each, or one after the other over a stream. */
export function messageSocket(options: MessageSocketOptions): MessageSocket {
  return options.protocol === "udp" ? datagrams(options) : stream(options);
}

/** Connected, so that the system tells when nobody listens (with the next message, on the machine itself). */
function datagrams({ host, port }: Extract<MessageSocketOptions, { protocol: "udp" }>): MessageSocket {
  const where = `udp ${host}:${port}`;
  let open: Promise<DatagramSocket> | undefined;

  function opened(): Promise<DatagramSocket> {
    open ??= new Promise<DatagramSocket>((resolve, reject) => {
      const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
      const fail = (error: Error) => {
        open = undefined;
        socket.close();
        reject(transportError(error, where));
      };
      socket.once("error", fail);
      socket.connect(port, host, () => {
        socket.off("error", fail);
        socket.on("error", () => {}); // Told to the one whose message it was, below.
        socket.unref();
        resolve(socket);
      });
    });
    return open;
  }

  return {
    async send(message, signal) {
      const socket = await orAborted(opened(), signal);
      await new Promise<void>((resolve, reject) => {
        socket.send(message, (error) => (error === null ? resolve() : reject(transportError(error, where))));
      });
    },
    close() {
      void open?.then(
        (socket) => socket.close(),
        () => {},
      );
      open = undefined;
    },
  };
}

/** Connects with the first message, and again with the first one after the connection was lost. */
function stream(options: Exclude<MessageSocketOptions, { protocol: "udp" }>): MessageSocket {
  const where = options.protocol === "unix" ? options.path : `tcp ${options.host}:${options.port}`;
  let open: Promise<Socket> | undefined;

  function opened(): Promise<Socket> {
    open ??= new Promise<Socket>((resolve, reject) => {
      const socket =
        options.protocol === "unix"
          ? connect(options.path)
          : connect({ host: options.host, port: options.port, noDelay: true });
      socket.once("connect", () => resolve(socket));
      socket.on("error", (error) => reject(transportError(error, where)));
      socket.on("close", () => {
        open = undefined;
        reject(new TransportError("ECONNRESET", `${where}: the connection ended`));
      });
      // Nothing is expected from there; without reading, its end would never be seen.
      socket.resume();
      socket.on("end", () => socket.destroy());
      socket.unref();
    });
    open.catch(() => {
      open = undefined;
    });
    return open;
  }

  function written(socket: Socket, message: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const onClose = () => reject(new TransportError("ECONNRESET", `${where}: the connection ended`));
      socket.once("close", onClose);
      socket.write(message, (error) => {
        socket.off("close", onClose);
        if (error) reject(transportError(error, where));
        else resolve();
      });
    });
  }

  return {
    async send(message, signal) {
      const opening = opened();
      const abandon = () =>
        void opening.then(
          (socket) => socket.destroy(),
          () => {},
        );
      signal.addEventListener("abort", abandon, { once: true });
      try {
        await orAborted(
          opening.then((socket) => written(socket, message)),
          signal,
        );
      } finally {
        signal.removeEventListener("abort", abandon);
      }
    },
    close() {
      void open?.then(
        (socket) => socket.end(),
        () => {},
      );
      open = undefined;
    },
  };
}
